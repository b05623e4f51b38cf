"""What sources declare: types with their members, and functions."""

from dataclasses import dataclass, field

from tree_sitter import Node

from source import Source, first, named, text

TYPES = ("user_type", "optional_type", "array_type", "dictionary_type", "function_type", "tuple_type", "opaque_type")


@dataclass
class Parameter:
    label: str
    type: str
    default: bool
    # The types of the parameters of a closure.
    takes: list[str] = field(default_factory=list)


@dataclass
class Callable:
    """A function, a method, an initialiser or an enum's case with values."""

    parameters: list[Parameter]
    gives: str
    waits: bool = False
    throws: bool = False
    closure: bool = False

    def accepts(self, labels: list[str], trailing: int) -> bool:
        """Whether it can be called with these labels and so many trailing closures."""
        parameters = self.parameters
        if trailing:
            if not parameters or not parameters[-1].takes and "->" not in parameters[-1].type:
                return False
            parameters = parameters[:-trailing]
        at = 0
        for label in labels:
            while at < len(parameters) and parameters[at].label != label and parameters[at].default:
                at += 1
            if at >= len(parameters) or parameters[at].label != label:
                return False
            at += 1
        return all(parameter.default for parameter in parameters[at:])


@dataclass
class Type:
    name: str
    members: dict[str, list[Callable | str]] = field(default_factory=dict)
    inits: list[Callable] = field(default_factory=list)
    cases: dict[str, Callable] = field(default_factory=dict)
    # Declared here, not merely extended: then it has no members but these.
    own: bool = False

    def add(self, name: str, member: "Callable | str") -> None:
        self.members.setdefault(name, []).append(member)


class Index:
    """The declarations of several sources."""

    def __init__(self) -> None:
        self.types: dict[str, Type] = {}
        self.aliases: dict[str, str] = {}
        self.functions: dict[str, list[Callable]] = {}

    def add(self, source: Source) -> None:
        for node in source.root.children:
            self.declaration(node, None)

    def resolve(self, name: str) -> str:
        """The name of a type without optionality and aliases."""
        name = name.rstrip("?!").strip()
        return self.aliases.get(name, name)

    def own(self, name: str) -> "Type | None":
        """The type of that name, if it is declared here."""
        one = self.types.get(name)
        return one if one and one.own else None

    def members(self, name: str) -> list["Callable | str"]:
        """Every member of that name, of whatever type."""
        return [member for one in self.types.values() for member in one.members.get(name, [])]

    def cases(self, name: str) -> list[Callable]:
        """Every case of that name, of whatever enum."""
        return [one.cases[name] for one in self.types.values() if name in one.cases]

    def declaration(self, node: Node, owner: Type | None) -> None:
        if node.type in ("class_declaration", "protocol_declaration"):
            self.type(node)
        elif node.type == "typealias_declaration":
            self.alias(node, owner)
        elif node.type in ("function_declaration", "protocol_function_declaration"):
            name, declared = text(node.child_by_field_name("name")), callable_of(node)
            if owner:
                owner.add(name, declared)
            else:
                self.functions.setdefault(name, []).append(declared)
        elif node.type == "init_declaration" and owner:
            owner.inits.append(callable_of(node, gives=owner.name))
        elif node.type in ("property_declaration", "protocol_property_declaration") and owner:
            self.property(node, owner)
        elif node.type == "enum_entry" and owner:
            self.entry(node, owner)

    def type(self, node: Node) -> None:
        name = text(node.child_by_field_name("name")).split("<")[0]
        declared = self.types.setdefault(name, Type(name))
        declared.own = declared.own or not any(child.type == "extension" for child in node.children)
        body = first(node, "class_body", "enum_class_body", "protocol_body")
        for child in body.children if body else []:
            self.declaration(child, declared)
        # A structure has an initialiser of all it stores, unless it declares one.
        is_struct = any(child.type == "struct" for child in node.children)
        if is_struct and not declared.inits:
            stored = [Parameter(name, value, False) for name, [value, *_] in declared.members.items() if isinstance(value, str)]
            declared.inits.append(Callable(stored, name))

    def alias(self, node: Node, owner: Type | None) -> None:
        if not owner:
            self.aliases[text(node.child_by_field_name("name"))] = text(node.children[-1])

    def property(self, node: Node, owner: Type) -> None:
        annotation = first(node, "type_annotation")
        kind = text(annotation.children[-1]) if annotation else ""
        pattern = first(node, "pattern")
        name = text(pattern) if pattern else text(node.child_by_field_name("name"))
        owner.add(name, kind)

    def entry(self, node: Node, owner: Type) -> None:
        contents = first(node, "enum_type_parameters")
        parameters: list[Parameter] = []
        label = "_"
        for child in contents.children if contents else []:
            if child.type == "simple_identifier":
                label = text(child)
            elif child.type in TYPES:
                parameters.append(Parameter(label, text(child), False))
                label = "_"
            elif child.type == "=" and parameters:
                parameters[-1].default = True
        for name in named(node, "simple_identifier"):
            owner.cases[text(name)] = Callable(parameters, owner.name)


def callable_of(node: Node, gives: str = "") -> Callable:
    """A declared function."""
    parameters: list[Parameter] = []
    before_body = [child for child in node.children if child.type not in ("function_body", "modifiers")]
    for child in before_body:
        if child.type == "parameter":
            parameters.append(parameter(child))
        elif child.type == "=" and parameters:
            parameters[-1].default = True
    words = {child.type for child in before_body}
    if not gives:
        arrow = [index for index, child in enumerate(before_body) if child.type == "->"]
        gives = text(before_body[arrow[-1] + 1]) if arrow else "Void"
    return Callable(parameters, gives, "async" in words, "throws" in words)


def parameter(node: Node) -> Parameter:
    external = node.child_by_field_name("external_name")
    internal = first(node, "simple_identifier") if external is None else external
    kinds = [child for child in node.children if child.type in TYPES]
    kind = kinds[-1] if kinds else None
    takes: list[str] = []
    if kind is not None and kind.type == "function_type":
        items = kind.child_by_field_name("params")
        takes = [text(item) for item in named(items, "tuple_type_item")] if items else []
    return Parameter(text(internal), text(kind), False, takes)
