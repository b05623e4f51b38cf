"""Reads values into the generated dataclasses and writes them again: FILE is a list of [type, value]."""

import importlib.util
import json
import sys

MODULE, FILE = sys.argv[1:]
spec = importlib.util.spec_from_file_location("types_of_rvoip", MODULE)
types = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = types
spec.loader.exec_module(types)


def reader(name):
    function = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_") + "_from_dict"
    return getattr(types, function, None) or getattr(types, name).from_dict


def refuses(read, value):
    try:
        read(value)
    except ValueError:
        return True
    return False


def missing(value, name):
    """Settings leave out what is null, which means the same."""
    return {key: one for key, one in value.items() if one is not None} if name.endswith("Config") else value


with open(FILE, encoding="utf-8") as file:
    samples = json.load(file)
wrong = []
for name, value in samples:
    if not isinstance(value, dict):
        continue
    read = reader("ErrorData" if name == "Error" else name)
    written = read(value).to_dict()
    if written != missing(value, name):
        wrong.append(f"{name}: {value} became {written}")
    if not refuses(read, {**value, "strange": 1}):
        wrong.append(f"{name}: takes an unknown field")
    for field in value:
        if not refuses(read, {**value, field: object()}):
            wrong.append(f"{name}: takes anything as {field}")
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(samples)} values")
