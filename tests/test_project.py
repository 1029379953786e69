"""Promises of the project as a whole: what is pinned, what pages may load, what the README says."""

import ast
import importlib.metadata
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE_ADDRESS = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//|url\(["']?(?:https?:)?//|import ["']https?:""")
INLINE_CODE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def pinned(*files: str) -> dict[str, str]:
    lines = [line.strip() for file in files for line in (ROOT / file).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    assert all(re.fullmatch(r"==[\w.]+", str(requirement.specifier)) for requirement in found)
    return {canonicalize_name(requirement.name): str(requirement.specifier) for requirement in found}


@pytest.mark.parametrize("files", [("requirements.txt",), ("requirements.txt", "requirements-dev.txt")])
def test_everything_that_gets_installed_is_pinned(files):
    pins = pinned(*files)
    needed = {
        canonicalize_name(requirement.name)
        for name in pins
        for requirement in map(Requirement, importlib.metadata.requires(name) or [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    }
    assert needed <= set(pins)


def test_what_is_installed_is_what_is_pinned():
    pins = pinned("requirements.txt", "requirements-dev.txt")
    assert {name: f"=={importlib.metadata.version(name)}" for name in pins} == pins


def test_every_test_directory_is_a_package():
    directories = {path.parent for path in tracked("tests/*.py")}
    assert [str(directory) for directory in directories if not (directory / "__init__.py").exists()] == []


def test_pages_load_nothing_from_elsewhere():
    files = tracked("templates/*.html", "kelompok/static/*.css", "kelompok/static/*.js", "kelompok/static/*.svg")
    assert files
    assert [str(path.relative_to(ROOT)) for path in files if OUTSIDE_ADDRESS.search(path.read_text())] == []


def test_templates_hold_no_inline_code():
    files = tracked("templates/*.html")
    assert files
    assert [str(path.relative_to(ROOT)) for path in files if INLINE_CODE.search(path.read_text())] == []


MARKUP = re.compile(
    r"</?(?:a|abbr|b|br|div|em|form|i|img|input|li|ol|option|p|path|select|small|span|strong|svg|table|td|th|tr|ul)[\s/>]"
)
SAFE = {"SafeString", "SafeText", "format_html", "format_html_join", "mark_safe"}


def test_templates_write_ids_without_separators():
    # From 1.000 on Django writes a number as people read it, and nothing that reads an id back knows it.
    written = re.compile(r"\{\{ [\w.]*\.(pk|id) \}\}")
    assert [str(page) for page in tracked("templates/*.html") if written.search(page.read_text())] == []


def written_markup(source: str) -> list[str]:
    """What of Python code writes HTML: names that mark text as safe, and tags in strings that are no docstrings."""
    tree = ast.parse(source)
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]  # docstrings among them
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    written = [text.value for text in texts if text not in statements and MARKUP.search(text.value)]
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    attributes = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return written + [name for name in names + attributes if name in SAFE]


def test_html_stands_in_templates_and_not_in_python():
    modules = tracked(*(f"{app}/*.py" for app in ("assessment", "finance", "groups", "kelompok", "meetings")))
    assert len(modules) > 200
    found = {str(path.relative_to(ROOT)): written_markup(path.read_text()) for path in modules}
    assert {path: markup for path, markup in found.items() if markup} == {}


@pytest.mark.parametrize(
    "source",
    ["x = '<td>'", "x = f'<a href=\"{y}\">'", "from django.utils.safestring import mark_safe", "html.format_html(x)"],
)
def test_html_in_python_is_found(source):
    assert written_markup(source)


@pytest.mark.parametrize("source", ['"""Gives `<a>`."""', "x = 'a < b > c'", "x = '%(count)s'"])
def test_what_is_no_html_is_left_alone(source):
    assert written_markup(source) == []


def test_the_readme_names_every_setting_of_the_environment():
    settings = (ROOT / "kelompok/settings.py").read_text()
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings))
    assert names >= {"DEBUG", "SECRET_KEY", "DATABASE_URL"}
    readme = (ROOT / "README.md").read_text()
    assert {name for name in names if f"`{name}`" not in readme} == set()


def test_the_readme_names_commands_that_exist():
    readme = (ROOT / "README.md").read_text()
    commands = set(re.findall(r"manage\.py (\w+)", readme))
    own = {path.stem for path in ROOT.glob("*/management/commands/*.py")}
    django = {"migrate", "collectstatic", "createsuperuser"}
    assert commands - django <= own
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)`", readme)) <= targets


def test_pictures_of_the_readme_are_there():
    readme = (ROOT / "README.md").read_text()
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)|src=\"([^\"]+)\"", readme)
    assert links
    assert [link for pair in links for link in pair if link and not (ROOT / link).exists()] == []
