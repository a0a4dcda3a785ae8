"""What somebody with full access to the database or to a file could try, and how it is undone."""

import json
import zipfile
from contextlib import contextmanager

import layout
import ui

_DATABASE = "sockel_efile"


class Tampering:
    """Changes bytes behind the service's back. What was there is kept in a file first, so that
    the next run can put it back if this one is killed."""

    def __init__(self, cluster, record):
        self._cluster = cluster
        self._record = record

    @contextmanager
    def one_byte_of_an_entry(self, tenant, resource):
        """While it lasts, the last byte of the log's first entry about `resource` is another one."""
        found = self._cluster.sql(
            "SELECT index, encode(leaf, 'hex') FROM ledger_entries "
            f"WHERE tenant_id = {_quoted(tenant)} AND resource = {_quoted(resource)} "
            "ORDER BY index LIMIT 1;", _DATABASE).strip()
        if not found:
            raise ui.Failure(f"the log of the e-file has no entry about {resource}")
        index, leaf = found.split("|")
        layout.write_atomically(self._record, json.dumps(
            {"tenant": tenant, "index": int(index), "leaf": leaf}) + "\n")
        changed = leaf[:-2] + f"{int(leaf[-2:], 16) ^ 1:02x}"
        try:
            self._write(tenant, int(index), changed)
            yield int(index)
        finally:
            self.put_back()

    def put_back(self):
        """True if there was something to put back."""
        try:
            kept = json.loads(self._record.read_text())
        except FileNotFoundError:
            return False
        self._write(kept["tenant"], kept["index"], kept["leaf"])
        self._record.unlink()
        return True

    def _write(self, tenant, index, leaf):
        self._cluster.sql(f"UPDATE ledger_entries SET leaf = decode({_quoted(leaf)}, 'hex') "
                          f"WHERE tenant_id = {_quoted(tenant)} AND index = {index};", _DATABASE)


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"


def change_one_byte(bundle, changed):
    """A copy of an evidence file in which one document has another first byte, and which is a
    faultless ZIP file all the same. Returns that document's place in it."""
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(changed, "w") as target:
        victim = next(entry.filename for entry in source.infolist()
                      if entry.filename.startswith("documents/") and entry.file_size > 0)
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == victim:
                content = bytes([content[0] ^ 1]) + content[1:]
            target.writestr(entry.filename, content)
    return victim
