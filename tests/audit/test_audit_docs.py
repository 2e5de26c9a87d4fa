"""Following the pages prints each step with its seconds, and a sum at the end."""

import re

from docs import follow

PAGE = """
```yaml
# config/one.yaml
a: 1
```
```console
$ cat config/one.yaml
a: 1
```
"""


def test_steps_and_seconds_are_printed(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs" / "tutorial").mkdir(parents=True)
    (tmp_path / "README.md").write_text(PAGE, "utf-8")
    monkeypatch.setattr(follow, "ROOT", tmp_path)
    assert follow.main() == 0
    said = capsys.readouterr().out
    assert re.search(r"^ +\d+\.\d s  wrote config/one\.yaml$", said, re.MULTILINE)
    assert re.search(r"^ +\d+\.\d s  \$ cat config/one\.yaml$", said, re.MULTILINE)
    assert re.search(r"^README\.md: true, 1 commands, \d+\.\d s$", said, re.MULTILINE)
