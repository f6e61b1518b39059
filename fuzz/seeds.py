"""Puts the parts of fixtures/workbooks where the fuzzers start from: fuzz/corpus/read, write and packed."""

import pathlib
import zipfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
# As in targets/package.rs.
PARTS = [
    "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels",
    "xl/calcChain.xml", "xl/worksheets/_rels/sheet1.xml.rels", "xl/tables/table1.xml",
]



def packed(content, level, strategy, block):
    """Content as a deflate stream of several blocks, each `block` bytes unpacked."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    pieces = [content[at:at + block] for at in range(0, len(content), block)]
    flush = zlib.Z_BLOCK if level else zlib.Z_SYNC_FLUSH
    return b"".join(packer.compress(piece) + packer.flush(flush) for piece in pieces) + packer.flush()


for target in ("read", "write", "packed"):
    (HERE / "corpus" / target).mkdir(parents=True, exist_ok=True)
for file in sorted((HERE.parent / "fixtures" / "workbooks").glob("*.xlsx")):
    (HERE / "corpus" / "read" / file.name).write_bytes(file.read_bytes())
    package = zipfile.ZipFile(file)
    for number, part in enumerate(PARTS):
        if part in package.namelist():
            content = package.read(part)
            (HERE / "corpus" / "read" / f"{file.stem}-{number}").write_bytes(bytes([number]) + content)
            (HERE / "corpus" / "write" / f"{file.stem}-{number}").write_bytes(bytes([number, 1, 1, 0]) + content)
            (HERE / "corpus" / "write" / f"{file.stem}-{number}-large").write_bytes(bytes([0x80 + number, 1, 1, 0]) + content)
            if number == 0 and len(content) < 1 << 16:
                ways = [(1, zlib.Z_DEFAULT_STRATEGY), (9, zlib.Z_DEFAULT_STRATEGY), (6, zlib.Z_FIXED), (0, zlib.Z_DEFAULT_STRATEGY)]
                for level, strategy in ways:
                    stream = packed(content, level, strategy, 300)
                    name = f"{file.stem}-{level}"
                    (HERE / "corpus" / "packed" / name).write_bytes(bytes([1, 1, 0]) + stream)
