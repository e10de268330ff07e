"""Keeps docs/errors.md: every code that a Problem of the sources has, with its sentence.

Without arguments it says what is missing and ends with 1; with --write it writes the page.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "errors.md"
PROBLEM = re.compile(r'Problem\(\s*"([a-z][a-z0-9.-]*)"(?:,\s*"((?:[^"\\]|\\.)*)")?')
INTERPOLATION = re.compile(r"\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
HEAD = """# Errors

Every error of Apus has a code, a sentence (what did not happen), a cause (why) and a remedy (what to do). The codes
are stable: scripts may rely on them. This page lists them with their sentences and the room that raises them; causes
and remedies come with the error, because they name what was found. `bin/check --fix` writes this page.

| code | sentence | room |
| --- | --- | --- |
"""


def found():
    problems = {}
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        room = path.relative_to(ROOT / "Sources").parts[0]
        for code, sentence in PROBLEM.findall(path.read_text()):
            entry = problems.setdefault(code, (set(), set()))
            if sentence:
                entry[0].add(INTERPOLATION.sub("…", sentence).replace('\\"', '"').replace("|", "\\|"))
            entry[1].add(room)
    return problems


def page():
    lines = []
    for code, (sentences, rooms) in sorted(found().items()):
        lines.append(f"| `{code}` | {' / '.join(sorted(sentences))} | {', '.join(sorted(rooms))} |")
    return HEAD + "\n".join(lines) + "\n"


def main():
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        sys.exit("docs/errors.md does not list the errors of the sources: run bin/check --fix")


if __name__ == "__main__":
    main()
