"""Downloads by name, against a web server on the loopback interface."""

import hashlib
import io
import json
import os
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from s2s_ref.data import download as downloads
from s2s_ref.data.download import DOWNLOADS, Download, DownloadError, cache_dir, download


def zipped(text: str, about: str = "Date of this file:\n  2021-01-24\n") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_about.txt", about)
        archive.writestr("kor.txt", text)
    return buffer.getvalue()


GOOD = zipped("Go.\t가.\n" * 3000)
OTHER = zipped("Go.\t가라.\n")
SHA256 = hashlib.sha256(GOOD).hexdigest()


class Site(ThreadingHTTPServer):
    """Serves `files` by path and remembers what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.agents: list[str | None] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.agents.append(self.headers["User-Agent"])
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        cut = self.path.startswith("/cut/")
        self.send_response(200)
        if not self.path.startswith("/silent/"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    folder = tmp_path / "cache"
    monkeypatch.setenv("S2S_CACHE", str(folder))
    return folder


@pytest.fixture
def site():
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def offer(monkeypatch):
    """Register a dataset called "mine" at these addresses."""

    def register(*urls, **more):
        entry = Download(
            name="mine",
            urls=urls,
            what="test sentences",
            pairs="1",
            licence="none",
            source="here",
            version="1",
            **more,
        )
        monkeypatch.setitem(DOWNLOADS, "mine", entry)

    return register


def get(**more):
    return download("mine", progress=False, **more)


def left_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def message(**more) -> str:
    with pytest.raises(DownloadError) as caught:
        get(**more)
    return str(caught.value)


def closed_port() -> str:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_port
    return f"http://127.0.0.1:{port}/kor-eng.zip"


def test_a_file_is_fetched_once_and_recorded(site, offer, cache):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"))
    path = get()
    assert path == cache / "kor-eng.zip"
    assert path.read_bytes() == GOOD
    assert get() == path
    assert site.asked == ["/kor-eng.zip"]
    assert left_in(cache) == ["kor-eng.zip", "kor-eng.zip.json"]
    record = json.loads((cache / "kor-eng.zip.json").read_text())
    assert record["sha256"] == SHA256
    assert record["bytes"] == len(GOOD)
    assert record["version"] == "2021-01-24"
    assert record["url"] == site.url("/kor-eng.zip")


def test_the_request_names_the_course_and_not_urllib(site, offer):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"))
    get()
    assert "seq2seq-course" in site.agents[0]
    assert "urllib" not in site.agents[0]


def test_a_pinned_file_with_the_right_checksum_is_accepted(site, offer):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"), sha256=SHA256, size=len(GOOD))
    assert get().read_bytes() == GOOD


def test_a_pinned_file_with_another_checksum_is_refused(site, offer, cache):
    site.files["/kor-eng.zip"] = OTHER
    offer(site.url("/kor-eng.zip"), sha256=SHA256)
    said = message()
    assert "the checksum differs" in said
    assert SHA256 in said
    assert hashlib.sha256(OTHER).hexdigest() in said
    assert "a file of your own" in said
    assert left_in(cache) == []


def test_a_wrong_checksum_on_one_mirror_leaves_the_next(site, offer):
    site.files |= {"/a/kor-eng.zip": OTHER, "/b/kor-eng.zip": GOOD}
    offer(site.url("/a/kor-eng.zip"), site.url("/b/kor-eng.zip"), sha256=SHA256)
    assert get().read_bytes() == GOOD


def test_404_then_mirror(site, offer):
    site.files["/mirror/file.zip"] = GOOD
    offer(site.url("/gone/kor-eng.zip"), site.url("/mirror/file.zip"))
    assert get().read_bytes() == GOOD
    assert get().name == "kor-eng.zip"
    assert site.asked == ["/gone/kor-eng.zip", "/mirror/file.zip"]


def test_a_mirror_is_named_with_its_edition(site, offer, capsys):
    site.files["/mirror/file.zip"] = GOOD
    offer(site.url("/gone/kor-eng.zip"), site.url("/mirror/file.zip"))
    download("mine")
    said = capsys.readouterr().err
    assert f"mine came from the mirror {site.url('/mirror/file.zip')} (edition: 2021-01-24)" in said


def test_dead_host_then_mirror(site, offer):
    site.files["/kor-eng.zip"] = GOOD
    offer(closed_port(), site.url("/kor-eng.zip"))
    assert get().read_bytes() == GOOD


def test_a_body_that_is_cut_off_leaves_nothing(site, offer, cache):
    site.files["/cut/kor-eng.zip"] = GOOD
    offer(site.url("/cut/kor-eng.zip"))
    assert f"cut off after {len(GOOD) // 2:,} of {len(GOOD):,} bytes" in message()
    assert left_in(cache) == []


def test_a_server_that_does_not_say_the_length(site, offer):
    site.files["/silent/kor-eng.zip"] = GOOD
    offer(site.url("/silent/kor-eng.zip"))
    assert get().read_bytes() == GOOD


def test_a_web_page_in_place_of_the_file(site, offer, cache):
    site.files["/kor-eng.zip"] = b"<html>Please log in to this network</html>"
    offer(site.url("/kor-eng.zip"))
    said = message()
    assert "not a zip file" in said
    assert "<html>" in said
    assert left_in(cache) == []


def test_a_zip_with_a_damaged_member(site, offer, cache):
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("kor.txt", "Go.\t가.\n")
    site.files["/kor-eng.zip"] = stored.getvalue().replace(b"Go.", b"Gu.")
    offer(site.url("/kor-eng.zip"))
    assert "kor.txt in the zip file is damaged" in message()
    assert left_in(cache) == []


def test_an_answer_without_end_is_refused(site, offer, cache, monkeypatch):
    monkeypatch.setattr(downloads, "MAX_BYTES", 1000)
    site.files["/kor-eng.zip"] = bytes(5000)
    offer(site.url("/kor-eng.zip"))
    assert "larger than 1,000 bytes" in message()
    assert left_in(cache) == []


def test_offline_says_what_to_do(offer, cache):
    url = closed_port()
    offer(url)
    said = message()
    assert "mine could not be downloaded" in said
    assert f"{url}: no connection" in said
    assert f"put the file at {cache / 'kor-eng.zip'}" in said
    assert "s2s data get mine" in said
    assert 'load("PATH/TO/FILE.txt")' in said


def test_a_name_that_does_not_resolve(offer):
    offer("http://no-such-host.invalid/kor-eng.zip")
    assert "no connection" in message()


def test_every_address_is_listed_with_its_reason(site, offer):
    offer(site.url("/gone/kor-eng.zip"), closed_port())
    said = message()
    assert "the server answered 404" in said
    assert "no connection" in said


def test_a_file_put_there_by_hand_is_used_offline(offer, cache):
    offer(closed_port())
    cache.mkdir()
    (cache / "kor-eng.zip").write_bytes(GOOD)
    assert get().read_bytes() == GOOD
    record = json.loads((cache / "kor-eng.zip.json").read_text())
    assert record["url"] == "put there by hand"
    assert record["sha256"] == SHA256


def test_a_bad_file_put_there_by_hand(offer, cache):
    offer(closed_port())
    cache.mkdir()
    (cache / "kor-eng.zip").write_bytes(b"Go.\t...")
    said = message()
    assert "is not usable" in said
    assert "Delete it" in said


def test_a_cached_file_that_changed_is_refused(site, offer, cache):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"))
    get()
    (cache / "kor-eng.zip").write_bytes(OTHER)
    said = message()
    assert "The checksum of" in said
    assert "--refresh" in said
    assert get(refresh=True).read_bytes() == GOOD


def test_upstream_changed_since_the_last_download(site, offer):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"))
    get().unlink()
    site.files["/kor-eng.zip"] = OTHER
    said = message()
    assert "differs from the file downloaded before" in said
    assert SHA256 in said
    assert "refresh=True" in said
    assert get(refresh=True).read_bytes() == OTHER
    assert get().read_bytes() == OTHER


def test_a_failed_refresh_keeps_the_old_file(site, offer, cache):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"))
    get()
    del site.files["/kor-eng.zip"]
    assert "404" in message(refresh=True)
    assert get().read_bytes() == GOOD
    assert left_in(cache) == ["kor-eng.zip", "kor-eng.zip.json"]


def test_an_interrupted_download_leaves_nothing(site, offer, cache, monkeypatch):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"))

    def interrupt(_path):
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "_check_zip", interrupt)
    with pytest.raises(KeyboardInterrupt):
        get()
    assert left_in(cache) == []


def test_a_cache_that_cannot_be_written(site, offer, cache):
    cache.write_text("a file where the folder should be")
    offer(site.url("/kor-eng.zip"))
    said = message()
    assert "cannot be written" in said
    assert "S2S_CACHE" in said


def test_the_progress_bar_goes_to_stderr(site, offer, capsys):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"))
    download("mine")
    shown = capsys.readouterr()
    assert "kor-eng.zip" in shown.err
    assert shown.out == ""


def test_no_progress_bar_where_none_is_wanted(site, offer, capsys):
    site.files["/kor-eng.zip"] = GOOD
    offer(site.url("/kor-eng.zip"))
    get()
    assert capsys.readouterr().err == ""


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DownloadError, match=r"'tatoeba-xyz'.*tatoeba-kor, tatoeba-fra"):
        download("tatoeba-xyz")


def test_without_an_override_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("S2S_CACHE")
    assert "seq2seq-course" in str(cache_dir())


@pytest.mark.parametrize("entry", DOWNLOADS.values(), ids=DOWNLOADS.keys())
def test_every_entry_names_its_url_version_and_licence(entry):
    assert len(entry.urls) >= 2, "a mirror is missing"
    assert all(url.startswith("https://") for url in entry.urls)
    assert entry.file.endswith("-eng.zip")
    assert entry.version
    assert "CC-BY" in entry.licence
    assert entry.sha256 is None or len(entry.sha256) == 64
    assert entry.sha256 is not None or "not pinned" in entry.version
