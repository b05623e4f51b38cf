"""Swift sources as trees, by tree-sitter's grammar."""

from dataclasses import dataclass
from pathlib import Path

import tree_sitter_swift
from tree_sitter import Language, Node, Parser

# Valid Swift that this grammar does not read, and what stands in its place while parsing; positions stay.
NOT_READ = [
    ("@_documentation(visibility: private)", " " * 36),
    ("{ () }", "{ 0  }"),
]


@dataclass
class Source:
    """A file and its tree."""

    name: str
    root: Node

    @staticmethod
    def read(path: Path) -> "Source":
        return Source.parse(str(path), path.read_text(encoding="utf-8"))

    @staticmethod
    def parse(name: str, text: str) -> "Source":
        for found, instead in NOT_READ:
            text = text.replace(found, instead)
        parser = Parser(Language(tree_sitter_swift.language()))
        return Source(name, parser.parse(text.encode()).root_node)

    def at(self, node: Node) -> str:
        return f"{self.name}:{node.start_point.row + 1}"

    def errors(self) -> list[str]:
        """What is no Swift."""
        found = []
        open_nodes = [self.root]
        while open_nodes:
            node = open_nodes.pop()
            if node.type == "ERROR" or node.is_missing:
                found.append(f"{self.at(node)}: does not parse: {text(node)[:60]!r}")
            elif node.has_error:
                open_nodes.extend(node.children)
        return found


def text(node: Node | None) -> str:
    """The source of a node; a name without the quotes that it needs where it is also a word of the language."""
    return (node.text or b"").decode().strip("`") if node else ""


def named(node: Node, kind: str) -> list[Node]:
    """The children of a kind."""
    return [child for child in node.children if child.type == kind]


def first(node: Node, *kinds: str) -> Node | None:
    """The first child of one of the kinds."""
    return next((child for child in node.children if child.type in kinds), None)


def walk(node: Node):
    """The node and all below it, in the order of the source."""
    yield node
    for child in node.children:
        yield from walk(child)
