"""The scenarios that every language runs, against the public interface of the package."""
