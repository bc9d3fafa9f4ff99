"""The house rules as tests: who may import whom, the words and sizes, and that the drawn error tree is the real one."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from unicodedata import east_asian_width

import pytest

import errors
from errors import BackendError, BridgeError, ConfigError, DingTalkError
from handlers.texts import Language, Texts

ROOT = Path(__file__).resolve().parent.parent

# A module may import only from lines below its own. A new module finds its line here first.
ORDER = """
    app
    demo.play
    demo.embedded     demo.own            demo.agent
    demo.cast
    demo.sandbox      fleet
    bot
    kinds             handlers.reception
    handlers.stream   handlers.webhook    handlers.push     ops.http
    ops.connection    handlers.clicks   handlers.signature  handlers.callback handlers.delivery   handlers.webhook_page
    handlers.inheritance                  handlers.answering
    handlers.intake
    handlers.chat     handlers.stops      handlers.budget
    handlers.card_reply handlers.message_reply
    handlers.said     handlers.own_code   handlers.reply      handlers.pushed_card
    handlers.gate     handlers.admission  handlers.frames   handlers.lease
    handlers.card     handlers.say        handlers.turn       handlers.aside      handlers.starter
    handlers.card_calls handlers.card_steps handlers.hand_over
    handlers.pacer
    handlers.pictures
    handlers.media
    handlers.dingtalk dify.backend        stores.opened
    backends.openai.backend               backends.codebuddy.backend                backends.echo
    backends.openai.client                backends.codebuddy.client
    backends.openai.messages              backends.openai.fold    backends.openai.frames    backends.codebuddy.failures
    backends.openai.failures              backends.codebuddy.body                   backends.codebuddy.prompt
    backends.openai.settings              backends.codebuddy.settings
    backends.python.backend
    backends.python.workers               backends.python.worker
    backends.python.threads               backends.python.wire
    backends.python.agent                 backends.python.channel
    backends.python.failures
    backends.python.shapes
    backends.python.pieces                backends.python.question                  backends.python.settings
    stores.sqlite_stores                  stores.redis_stores
    stores.sheltered_stores
    handlers.retry
    handlers.account  handlers.rates      stores.sheltered    stores.sheltered_cards    stores.sheltered_inbox
    stores.sheltered_presence             stores.sqlite       stores.sqlite_inbox       stores.sqlite_presence
    stores.redis_inbox                    stores.redis_cards  stores.redis_turns        stores.redis_sessions
    stores.redis_buckets                  stores.redis_presence
    stores.redis_signals                  stores.redis_held
    stores.memory     stores.memory_inbox stores.shelter      stores.sqlite_file        stores.redis_server
    stores.sqlite_tables                  stores.redis_place
    handlers.refusals handlers.parts      handlers.image_links                    dify.client         dify.fold
    dify.events       dify.failures       dify.links        dify.settings
    backends.stream   backends.thinking   backends.memory     backends.calls      backends.failures
    backends.watch    backends.retry      backends.stoppable
    handlers.commands handlers.markdown   handlers.message  handlers.templates  handlers.texts
    handlers.push_order
    handlers.sentences handlers.troubles
    backends.base     backends.background stores.base         handlers.pacing     handlers.lately
    config
    botsfile
    envfile           yamlfile            exposed
    settings
    problems          backends.settings
    imports
    problem_sentences
    errors            command_sentences  web                 neighbours         ops.door
"""
# The shores do not know each other: an AI is reached through backends.base, memory through stores.base.
SHORES = {
    "dify": {"handlers", "stores"},
    "backends": {"handlers", "dify", "stores"},
    "stores": {"handlers", "dify", "backends"},
}
PRODUCT_FOLDERS = ("backends", "demo", "dify", "handlers", "ops", "stores")
WALL = 400  # lines
COLUMNS = 140

# A word that fits everything says nothing, ...
VAGUE_WORDS = {"manager", "helper", "helpers", "util", "utils", "common", "misc", "stuff", "info"}
# ... and these are the wire's and the system's own words: right for the value that bears the name there, too wide for ours.
WIDE_WORDS = {"data", "process"}
# The SDK's for a handler's method; websockets' for one of its own; a process of the operating system.
GIVEN_NAMES = {"process", "process_redirect", "SandboxProcess"}


def _python_files(*folders: str) -> list[Path]:
    """Return the Python files of these folders, or of the whole checkout."""
    found = [path for folder in folders or (".",) for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if _ours(path)]


def _ours(path: Path) -> bool:
    """Whether a file is of the checkout, and not what a tool has put there."""
    parts = path.relative_to(ROOT).parts
    return parts[0] != "build" and not any(part.startswith(".") for part in parts)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _product() -> dict[str, Path]:
    """Return the product's modules by name; the empty ones that only make a folder a package are left out."""
    files = [*sorted(ROOT.glob("*.py")), *_python_files(*PRODUCT_FOLDERS)]
    return {_module(path): path for path in files if path.name != "__init__.py"}


def _imports(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names)
            yield f"{'.' * node.level}{node.module}"


def _belongs(name: str, modules: Collection[str]) -> bool:
    """Whether a full name is one of these modules or lies inside one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_module_has_its_line_in_the_order() -> None:
    """The drawing above is whole, and holds nothing that is gone."""
    drawn = ORDER.split()
    assert sorted(drawn) == sorted(_product())


def test_a_module_imports_only_from_lines_below_its_own() -> None:
    """So that a reader never goes in a circle, and never up."""
    rows = {name: row for row, line in enumerate(ORDER.strip().splitlines()) for name in line.split()}
    upwards = [
        f"{name} imports {found}"
        for name, path in _product().items()
        for found in _imports(path)
        if found in rows and rows[found] <= rows.get(name, len(rows))
    ]
    assert not upwards


def test_the_shores_do_not_know_each_other() -> None:
    """What is DingTalk's stays in handlers, what is Dify's in dify; only bot.py knows both, and which store it is."""
    kept = {name for name in _product() if name.startswith("stores.")} - {"stores.base"}
    strangers = [
        f"{_name(path)} imports {found}"
        for folder, others in {**SHORES, "handlers": {"dify", *kept}}.items()
        for path in _python_files(folder)
        for found in _imports(path)
        if _belongs(found, others)
    ]
    assert not strangers


def test_product_and_sandbox_meet_on_the_wire_only() -> None:
    """A stand-in that shared the product's parser would hide the parser's mistakes."""
    product, apart = {name.partition(".")[0] for name in _product()}, {"sandbox", "tests", "bench", "chaos"}
    crossing = [(path, product) for path in _python_files("sandbox")] + [(path, apart) for path in _product().values()]
    found = [f"{_name(path)} imports {name}" for path, others in crossing for name in _imports(path) if _belongs(name, others)]
    assert not found


def test_no_import_is_relative() -> None:
    """A line of imports says where each name lives, wherever the line stands."""
    assert not [f"{_name(path)}: {found}" for path in _python_files() for found in _imports(path) if found.startswith(".")]


def test_no_file_is_longer_than_the_wall() -> None:
    """250 lines are a file's budget, 400 the wall."""
    files = [*_python_files(), *(ROOT / "sandbox").rglob("*.js"), *(ROOT / "sandbox").rglob("*.css")]
    lengths = {_name(path): len(path.read_text("utf-8").splitlines()) for path in files}
    assert not {name: length for name, length in lengths.items() if length > WALL}


def test_no_line_of_the_page_is_too_wide() -> None:
    """140 columns, as in Python, where the linter sees to it; a Chinese character takes two."""
    files = [path for suffix in ("js", "css", "html") for path in (ROOT / "sandbox").rglob(f"*.{suffix}")]
    lines = {f"{_name(path)}:{n}": line for path in files for n, line in enumerate(path.read_text("utf-8").splitlines(), 1)}
    assert not {place: width for place, line in lines.items() if (width := _columns(line)) > COLUMNS}


def _columns(line: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


def test_a_module_says_its_one_job_first() -> None:
    """The docstring's first line is a whole sentence; an `__init__.py` is empty."""
    modules = [path for path in _python_files() if path.name != "__init__.py"]
    first = {path: (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0] for path in modules}
    assert not [_name(path) for path, line in first.items() if not re.match(r"\S.*[.?!]( |$)", line)]
    assert not [_name(path) for path in _python_files() if path.name == "__init__.py" and path.read_text("utf-8").strip()]


def test_handlers_never_name_dify() -> None:
    """Any AI can stand behind a bot; only the sentences for people and the handler's old name say which one does."""
    files = [path for path in _python_files("handlers") if path.name not in {"sentences.py", "troubles.py"}]
    texts = {_name(path): path.read_text("utf-8").replace("DifyAiCardBotHandler", "") for path in files}
    assert not {name: lines for name, text in texts.items() if (lines := re.findall(r".*dify.*", text, re.IGNORECASE))}


def test_ais_and_stores_never_name_dingtalk() -> None:
    """They would serve any chat."""
    texts = {_name(path): path.read_text("utf-8") for path in _python_files("dify", "backends", "stores")}
    word = re.compile(r".*(?:dingtalk|钉钉).*", re.IGNORECASE)
    assert not {name: lines for name, text in texts.items() if (lines := word.findall(text))}


def _named(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield every name that a module gives to something, with the node that gives it."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield node, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node, name


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def test_no_name_is_vague() -> None:
    """No manager, helper, util, common, misc, info, whatever it names."""
    files = {path: set(path.relative_to(ROOT).with_suffix("").parts) for path in _python_files()}
    named = {path: parts | {name for _, name in _named(ast.parse(path.read_text("utf-8")))} for path, parts in files.items()}
    assert not [f"{_name(path)}: {name}" for path, names in named.items() for name in names if _words(name) & VAGUE_WORDS]


def test_no_module_class_or_function_bears_a_wide_word() -> None:
    """`data` may be what a frame calls so, never the name of something of ours."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    files = [*_product().values(), *_python_files("sandbox", "bench", "chaos")]
    named = [
        (path, name) for path in files for node, name in _named(ast.parse(path.read_text("utf-8"))) if isinstance(node, kinds)
    ]
    named += [(path, path.stem) for path in files]
    wide = [(path, name) for path, name in named if _words(name) & WIDE_WORDS and name not in GIVEN_NAMES]
    assert not [f"{_name(path)}: {name}" for path, name in wide]


def test_nothing_is_left_for_later() -> None:
    """What is not done is an issue, not a remark in the code."""
    marks = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
    suffixes = {".py", ".md", ".js", ".css", ".html", ".yml", ".toml", ".txt"}
    files = [path for path in ROOT.rglob("*") if path.suffix in suffixes and path.is_file() and _ours(path)]
    assert not [_name(path) for path in files if marks.search(path.read_text("utf-8"))]


def _tree() -> Iterator[tuple[str, str]]:
    """Yield each class and its parent as drawn in the docstring of errors.py."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([│├└─ ]*)([A-Z][A-Za-z]+)(?:  |$)", line)
        if not found:
            continue
        depth = len(found[1]) // 4
        above[depth:] = [found[2]]
        yield found[2], above[depth - 1] if depth else ""


def _classes(kind: type[BridgeError] = BridgeError) -> Iterator[type[BridgeError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == "errors":
            yield from _classes(child)


def test_the_drawn_error_tree_is_the_real_one() -> None:
    """In names, parents and order."""
    real = [(kind.__name__, "" if kind is BridgeError else kind.__bases__[0].__name__) for kind in _classes()]
    assert list(_tree()) == real


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", list(_classes()), ids=lambda kind: kind.__name__)
def test_every_error_has_a_sentence_for_users_and_a_fix_for_admins(kind: type[BridgeError], language: Language) -> None:
    """In both languages; each way in which an AI fails has a sentence of its own, each refusal of DingTalk its own fix."""
    texts, other = Texts(language), Texts("en" if language == "zh" else "zh")
    error, root = ConfigError(()) if kind is ConfigError else kind(""), BridgeError()
    assert texts.error(error)
    assert texts.fix(error)
    assert texts.error(error) != other.error(error)
    assert texts.fix(error) != other.fix(error)
    if issubclass(kind, (BackendError, DingTalkError)):
        assert texts.fix(error) != texts.fix(root)
    if issubclass(kind, BackendError) and kind is not BackendError:
        assert texts.error(error) != texts.error(root)
