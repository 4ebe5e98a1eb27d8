"""Which links of a page are followed, which become candidates, which are dropped."""

from crawler.extract import read_document
from crawler.guard import AddressPolicy, Allowance
from crawler.links import MAX_FOLLOWED, MAX_OFFSITE, sort_links, worth_fetching
from review_queue.hosts import parse_url
from review_queue.records import Link

PUBLIC = AddressPolicy()
PAGE = parse_url("http://www.a.kz/dir/page")


def test_links_are_sorted_by_site_each_once() -> None:
    html = b"""<a href=/x#1>one</a><a href=/x#2>again</a><a href=http://forum.a.kz/>forum</a><a href=/dir/page>self</a>
    <a href=http://b.kz/1>b</a><a href=http://b.kz/2>b2</a><a href=/photo.jpg>p</a><a href=tel:1>t</a>"""

    links = sort_links(read_document(html), PAGE, follow=True, addresses=PUBLIC)

    assert links.followed == (
        Link("http://www.a.kz/x", "a.kz", "one"),
        Link("http://forum.a.kz/", "a.kz", "forum"),
    )
    assert links.offsite == (Link("http://b.kz/1", "b.kz", "b"),)


def test_at_the_last_depth_only_other_sites_are_kept() -> None:
    html = b"<a href=/x>x</a><a href=y>y</a><a href=//b.kz>b</a>"

    links = sort_links(read_document(html), PAGE, follow=False, addresses=PUBLIC)

    assert (links.followed, links.offsite) == ((), (Link("http://b.kz/", "b.kz", "b"),))


def test_numbers_are_capped() -> None:
    html = "".join(f"<a href=/p{i}>x</a><a href=http://s{i}.kz/>y</a>" for i in range(900))

    links = sort_links(read_document(html.encode()), PAGE, follow=True, addresses=PUBLIC)

    assert (len(links.followed), len(links.offsite)) == (MAX_FOLLOWED, MAX_OFFSITE)


def test_private_addresses_are_no_candidates_unless_they_are_allowed() -> None:
    private = (
        "10.0.0.1",
        "169.254.169.254",
        "127.0.0.1",
        "2130706433",
        "[::1]",
        "localhost",
        "x.localhost",
    )
    html = "".join(f"<a href=http://{host}/>x</a>" for host in (*private * 20, "8.8.8.8", "b.kz"))
    document = read_document(html.encode())
    one = AddressPolicy((Allowance.parse("10.0.0.1:80"),))

    refused = sort_links(document, PAGE, follow=True, addresses=PUBLIC)
    allowed = sort_links(document, PAGE, follow=True, addresses=one)

    assert [link.site for link in refused.offsite] == ["8.8.8.8", "b.kz"]
    assert [link.site for link in allowed.offsite] == ["10.0.0.1", "8.8.8.8", "b.kz"]


def test_traps_and_files_are_not_worth_fetching() -> None:
    for path in ("/a/b/a/b/a/b", "/" + "x/" * 17, "/file.ZIP", "/v.mp4?x=1", "/" + "y" * 1100):
        assert not worth_fetching(parse_url(f"http://a.kz{path}")), path
    for path in ("/", "/a/b/c", "/page.html", "/index.php?file=a.zip", "/2026/11/22/text"):
        assert worth_fetching(parse_url(f"http://a.kz{path}")), path
