"""Puts the parts of fixtures/workbooks where the fuzzers start from: fuzz/corpus/read and fuzz/corpus/write."""

import pathlib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
# As in targets/package.rs.
PARTS = [
    "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels",
    "xl/calcChain.xml", "xl/worksheets/_rels/sheet1.xml.rels", "xl/tables/table1.xml",
]

for target in ("read", "write"):
    (HERE / "corpus" / target).mkdir(parents=True, exist_ok=True)
for file in sorted((HERE.parent / "fixtures" / "workbooks").glob("*.xlsx")):
    (HERE / "corpus" / "read" / file.name).write_bytes(file.read_bytes())
    package = zipfile.ZipFile(file)
    for number, part in enumerate(PARTS):
        if part in package.namelist():
            content = package.read(part)
            (HERE / "corpus" / "read" / f"{file.stem}-{number}").write_bytes(bytes([number]) + content)
            (HERE / "corpus" / "write" / f"{file.stem}-{number}").write_bytes(bytes([number, 1, 1, 0]) + content)
