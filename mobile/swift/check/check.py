"""Checks the hand-written Swift against what is generated, without a Swift compiler.

    check.py GENERATED.swift FILE.swift…

Everything must parse. Every type, member, function, enum case and argument label that the hand-written files use must
be declared by them, by the generated file, or be one of the platform's (platform.py); what waits must be awaited and
what throws must be tried. Where the type of a receiver can be told from the source, its own members alone count.
"""

import re
import sys
from pathlib import Path

from tree_sitter import Node

import platform_names
from index import Callable, Index
from source import Source, first, named, text, walk

Scope = dict[str, str]


class Checker:
    """The uses of names in one source."""

    def __init__(self, index: Index, source: Source) -> None:
        self.index = index
        self.source = source
        self.findings: list[str] = []

    def found(self, node: Node, what: str) -> None:
        self.findings.append(f"{self.source.at(node)}: {what}")

    def run(self) -> list[str]:
        for node in walk(self.source.root):
            if node.type == "type_identifier":
                self.type_name(node)
        self.visit(self.source.root, {})
        return self.findings

    def type_name(self, node: Node) -> None:
        name = text(node)
        parent = node.parent
        if parent is not None and parent.type in ("type_parameter", "class_declaration", "typealias_declaration"):
            return
        known = name in self.index.types or name in self.index.aliases or name in platform_names.TYPES
        if not known and name not in self.type_parameters(node):
            self.found(node, f"no type {name}")

    @staticmethod
    def type_parameters(node: Node) -> set[str]:
        found: set[str] = set()
        at: Node | None = node
        while at is not None:
            for parameters in named(at, "type_parameters"):
                found.update(text(one) for one in walk(parameters) if one.type == "type_identifier")
            at = at.parent
        return found

    # Visiting, with the types of what is in scope.

    def visit(self, node: Node, scope: Scope) -> None:
        if node.type == "class_declaration":
            scope = scope | {"self": text(node.child_by_field_name("name"))}
        elif node.type in ("function_declaration", "init_declaration"):
            scope = dict(scope)
            for parameter in named(node, "parameter"):
                names = named(parameter, "simple_identifier")
                kinds = [child for child in parameter.children if child.type.endswith("_type")]
                scope[text(names[-1])] = text(kinds[-1]) if kinds else ""
        elif node.type in ("statements", "lambda_literal", "for_statement", "if_statement", "switch_entry", "catch_block"):
            scope = dict(scope)
        if node.type == "for_statement":
            self.loop(node, scope)
        elif node.type == "property_declaration":
            self.visit_children(node, scope)
            self.bind(node, scope)
            return
        elif node.type == "call_expression":
            self.call(node, scope)
            return
        elif node.type == "navigation_expression":
            self.member(node, scope)
        elif node.type == "prefix_expression":
            self.dotted(node, None)
        elif node.type == "simple_identifier":
            self.name(node, scope)
        self.patterns(node)
        self.visit_children(node, scope)

    def visit_children(self, node: Node, scope: Scope) -> None:
        for child in node.children:
            self.visit(child, scope)

    def loop(self, node: Node, scope: Scope) -> None:
        collection = node.child_by_field_name("collection")
        item = node.child_by_field_name("item")
        kind = self.infer(collection, scope) if collection else ""
        element = "Event" if kind == "Events" else kind[1:-1] if kind.startswith("[") and ":" not in kind else ""
        scope[text(item)] = element

    def bind(self, node: Node, scope: Scope) -> None:
        pattern = first(node, "pattern")
        value = node.child_by_field_name("value")
        annotation = first(node, "type_annotation")
        if pattern is None:
            return
        kind = text(annotation.children[-1]) if annotation else self.infer(value, scope) if value else ""
        parts = named(pattern, "pattern")
        if parts:
            kinds = [part.split(":")[-1].strip() for part in kind.strip("()").split(",")]
            for part, one in zip(parts, kinds + [""] * len(parts)):
                scope[text(part)] = one
        else:
            scope[text(pattern)] = kind

    # What an expression gives, or nothing if that cannot be told.

    def infer(self, node: Node, scope: Scope) -> str:
        if node.type in ("try_expression", "await_expression"):
            inner = node.child_by_field_name("expr")
            return self.infer(inner, scope) if inner else ""
        if node.type == "self_expression":
            return scope.get("self", "")
        if node.type == "simple_identifier":
            name = text(node)
            if name in scope:
                return self.index.resolve(scope[name])
            return name if name in self.index.types else ""
        if node.type == "navigation_expression":
            return self.index.resolve(self.one(self.members_of(node, scope)))
        if node.type == "call_expression":
            return self.index.resolve(self.one(self.callees(node, scope)))
        return ""

    @staticmethod
    def one(candidates: "list[Callable | str] | None") -> str:
        kinds = {one if isinstance(one, str) else one.gives for one in candidates or []}
        return kinds.pop() if len(kinds) == 1 else ""

    def members_of(self, node: Node, scope: Scope) -> "list[Callable | str] | None":
        """The declared members that `a.b` may mean; none if the platform's are meant."""
        target, suffix = node.child_by_field_name("target"), node.child_by_field_name("suffix")
        if target is None or suffix is None:
            return None
        name = text(suffix.child_by_field_name("suffix"))
        kind = self.infer(target, scope)
        if one := self.index.own(kind):
            return one.members.get(name, []) + ([one.cases[name]] if name in one.cases else [])
        if kind:
            return None
        return [*self.index.members(name), *self.index.cases(name)] or None

    def callees(self, node: Node, scope: Scope) -> "list[Callable | str] | None":
        callee = node.children[0]
        if callee.type == "navigation_expression":
            return self.members_of(callee, scope)
        if callee.type == "simple_identifier":
            name = text(callee)
            if name in scope:
                return None
            own = self.index.types.get(self.index.resolve(scope.get("self", "")))
            if own and name in own.members:
                return list(own.members[name])
            if one := self.index.own(name):
                return list(one.inits)
            return list(self.index.functions.get(name, [])) or None
        return None

    # The checks.

    def call(self, node: Node, scope: Scope) -> None:
        callee, suffix = node.children[0], first(node, "call_suffix")
        values = first(suffix, "value_arguments") if suffix else None
        arguments = named(values, "value_argument") if values else []
        closures = named(suffix, "lambda_literal") if suffix else []
        subscript = values is not None and text(values).startswith("[")
        labels = [text(label) if (label := first(one, "value_argument_label")) else "_" for one in arguments]
        if callee.type == "prefix_expression":
            self.dotted(callee, labels)
            candidates: list[Callable | str] | None = None
        else:
            if callee.type == "navigation_expression":
                self.member(callee, scope)
                target = callee.child_by_field_name("target")
                if target is not None:
                    self.visit(target, scope)
            elif callee.type == "simple_identifier":
                self.name(callee, scope, called=not subscript)
            else:
                self.visit(callee, scope)
            candidates = self.callees(node, scope)
        declared = [one for one in candidates or [] if isinstance(one, Callable)]
        fitting = [one for one in declared if one.accepts(labels, len(closures))]
        if declared and not fitting and not subscript:
            wanted = " or ".join("(" + "".join(p.label + ":" for p in one.parameters) + ")" for one in declared)
            self.found(node, f"{text(callee).split('.')[-1]}({''.join(one + ':' for one in labels)}): it takes {wanted}")
        if fitting:
            self.waited(node, fitting)
        for argument, label in zip(arguments, labels):
            self.argument(argument, label, fitting, scope)
        for closure in closures:
            self.closure(closure, fitting, scope)

    def argument(self, node: Node, label: str, fitting: list[Callable], scope: Scope) -> None:
        value = node.child_by_field_name("value")
        kinds = {self.index.resolve(p.type) for one in fitting for p in one.parameters if p.label == label}
        enums = [self.index.types[kind] for kind in kinds if kind in self.index.types and self.index.types[kind].cases]
        dotted = value.children[0] if value is not None and value.type == "call_expression" else value
        if dotted is not None and dotted.type == "prefix_expression" and len(enums) == 1:
            name = text(dotted.child_by_field_name("target"))
            if name not in enums[0].cases and name not in enums[0].members:
                self.found(dotted, f"{enums[0].name} has no case {name}")
        if value is not None:
            self.visit(value, scope)

    def closure(self, node: Node, fitting: list[Callable], scope: Scope) -> None:
        takes = fitting[0].parameters[-1].takes if fitting and fitting[0].parameters else []
        names = [text(one.child_by_field_name("name")) for one in walk(node) if one.type == "lambda_parameter"]
        inner = scope | dict(zip(names, takes + [""] * len(names)))
        self.visit_children(node, inner)

    def member(self, node: Node, scope: Scope) -> None:
        suffix = node.child_by_field_name("suffix")
        name = text(suffix.child_by_field_name("suffix")) if suffix else ""
        target = node.child_by_field_name("target")
        kind = self.infer(target, scope) if target else ""
        if one := self.index.own(kind):
            if name not in one.members and name not in one.cases and name not in platform_names.OF_ALL:
                self.found(node, f"{kind} has no member {name}")
        elif not kind and not self.index.members(name) and not self.index.cases(name):
            if name not in platform_names.MEMBERS and not name.isdigit():
                self.found(node, f"nothing has a member {name}")

    def dotted(self, node: Node, labels: "list[str] | None") -> None:
        if not text(node).startswith("."):
            return
        name = text(node.child_by_field_name("target"))
        cases = self.index.cases(name)
        if not cases and not self.index.members(name) and name not in platform_names.CASES:
            self.found(node, f"no enum has a case {name}")
        if cases and labels is not None and not any(case.accepts(labels, 0) for case in cases):
            self.found(node, f"case {name}({''.join(label + ':' for label in labels)}) has other values")

    def name(self, node: Node, scope: Scope, called: bool = False) -> None:
        parent = node.parent
        if parent is None or not called:
            return
        name = text(node)
        own = self.index.types.get(self.index.resolve(scope.get("self", "")))
        known = (
            name in scope
            or name in self.index.functions
            or name in self.index.types
            or name in platform_names.FUNCTIONS
            or name in platform_names.TYPES
            or (own is not None and name in own.members)
            or name in self.locals(node)
        )
        if not known:
            self.found(node, f"no function {name}")

    @staticmethod
    def locals(node: Node) -> set[str]:
        """The functions and closures that are declared around a place."""
        found: set[str] = set()
        at: Node | None = node
        while at is not None:
            for child in at.children:
                if child.type == "function_declaration":
                    found.add(text(child.child_by_field_name("name")))
            at = at.parent
        return found

    def patterns(self, node: Node) -> None:
        """`case .name(let a, _)` and `catch Type.name(let a)`: the case exists and has so many values."""
        parts = [child for child in node.children if child.type not in ("value_binding_pattern", "comment")]
        for index, child in enumerate(parts):
            dot = parts[index - 1] if index else None
            if child.type != "simple_identifier" or dot is None or dot.type != ".":
                continue
            if node.type not in ("pattern", "if_statement", "guard_statement", "while_statement"):
                continue
            owner = parts[index - 2] if index > 1 and parts[index - 2].type == "user_type" else None
            name = text(child)
            if owner is not None:
                one = self.index.types.get(text(owner))
                cases = [one.cases[name]] if one and name in one.cases else []
            else:
                cases = self.index.cases(name)
            if not cases:
                if name not in platform_names.CASES:
                    self.found(child, f"no enum has a case {name}")
                continue
            values = 0
            if index + 1 < len(parts) and parts[index + 1].type == "(":
                for later in parts[index + 2 :]:
                    if later.type == ")":
                        break
                    values += later.type == "pattern"
            if values and not any(len(case.parameters) == values for case in cases):
                self.found(child, f"case {name} has not {values} values")

    def waited(self, node: Node, fitting: list[Callable]) -> None:
        """What waits is awaited and what throws is tried, somewhere before it in its statement."""
        statement = node
        while statement.parent is not None and statement.parent.type not in ("statements", "lambda_literal", "class_body"):
            statement = statement.parent
        before = (statement.text or b"")[: node.children[0].end_byte - statement.start_byte].decode(errors="replace")
        before = re.sub(r"\{[^{}]*\}", "", before)
        for word, needed in (("await", all(one.waits for one in fitting)), ("try", all(one.throws for one in fitting))):
            if needed and not re.search(rf"\b{word}\b", before):
                self.found(node, f"{text(node.children[0]).split('.')[-1]} needs `{word}`")


def check(generated: Source, sources: list[Source]) -> list[str]:
    """What is wrong with the sources."""
    findings = [error for source in [generated, *sources] for error in source.errors()]
    if findings:
        return findings
    index = Index()
    for source in [generated, *sources]:
        index.add(source)
    for source in sources:
        findings += Checker(index, source).run()
    return findings


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print("usage: check.py GENERATED.swift FILE.swift…", file=sys.stderr)
        return 2
    generated, *sources = [Source.read(Path(path)) for path in arguments]
    findings = check(generated, sources)
    for finding in findings:
        print(finding)
    print(f"{len(sources)} files of Swift checked, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
