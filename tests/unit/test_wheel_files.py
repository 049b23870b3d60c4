"""What the program reads beside its code is in its wheel: a page without its template is found out here, not on the server."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDERS = ("templates", "static", "translations")


def patterns() -> list[str]:
    tree = ast.parse((CHECKOUT / "setup.py").read_text("utf-8"))
    call = next(
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setup"
    )
    data = next(word.value for word in call.keywords if word.arg == "package_data")
    found: dict[str, list[str]] = ast.literal_eval(data)
    return found[""]


def test_every_template_picture_and_catalogue_is_packed() -> None:
    known = patterns()
    for place in ("collector/web", "collector/recap", "kiosk/screen"):
        package = CHECKOUT / place
        files = [path for name in FOLDERS for path in (package / name).rglob("*") if path.is_file()]
        assert files
        for path in files:
            name = path.relative_to(package).as_posix()
            fits = (one for one in known if one.count("/") == name.count("/") and fnmatch(name, one))
            assert any(fits), f"{place}/{name} fits no pattern of package_data in setup.py"
