"""Scrapy's settings for a crawl among hostile sites; each one that differs from Scrapy's own has its reason."""

from typing import Any, Final

from crawler.plan import CrawlPlan

REACTOR: Final = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"  # 10 % faster than epoll's in our benchmark


def scrapy_settings(plan: CrawlPlan) -> dict[str, Any]:
    """The settings of the crawl that `plan` describes."""
    pace = plan.pace
    return {
        **_CLOSED,
        "TWISTED_REACTOR": REACTOR,
        "SCHEDULER": "crawler.scheduler.FrontierScheduler",  # the store is the queue: Scrapy's loses work in a crash
        "ITEM_PIPELINES": {"crawler.pipelines.store.StorePipeline": 100},
        "DOWNLOADER_MIDDLEWARES": _MIDDLEWARES,
        "SPIDER_MIDDLEWARES": dict.fromkeys(_UNUSED_SPIDER_MIDDLEWARES),
        "EXTENSIONS": dict.fromkeys(_UNUSED_EXTENSIONS),
        "USER_AGENT": plan.network.user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept-Encoding": "gzip, deflate",
            "Accept": "text/html,application/xhtml+xml,text/plain;q=0.8,*/*;q=0.1",
            "Accept-Language": "kk,ru;q=0.8,en;q=0.6",
        },
        "ROBOTSTXT_OBEY": plan.obey_robots,
        "COMPRESSION_ENABLED": False,  # what a body is packed in is undone where a bomb can be killed
        "CONCURRENT_ITEMS": 1,  # a response gives one item; Scrapy starts as many tasks for it as it allows items
        "CONCURRENT_REQUESTS": pace.concurrency,
        # the scheduler spaces requests to a host; one more lets a redirect pass while another page loads
        "CONCURRENT_REQUESTS_PER_DOMAIN": pace.per_host + 1,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": pace.timeout_s,  # Scrapy's 180 s, tried three times, lets one mute server hold a slot
        "DOWNLOAD_MAXSIZE": pace.max_body_bytes,  # what is larger is cut: see crawler/wire.py
        "REDIRECT_MAX_TIMES": pace.max_redirects,
        "QALQAN_PROXY": plan.network.proxy,
        "QALQAN_ADDRESS_POLICY": plan.network.addresses,
    }


_CLOSED: Final[dict[str, Any]] = {
    # http and https alone: a link to file:///etc/hostname was read, and an ftp link kept the process from ending
    "DOWNLOAD_HANDLERS": {
        "http": "crawler.handler.GuardedHandler",
        "https": "crawler.handler.GuardedHandler",
        "data": None,
        "file": None,
        "ftp": None,
        "s3": None,
    },
    "DOWNLOAD_WARNSIZE": 0,  # the cap is enough; a warning for each page helps nobody
    "DOWNLOAD_FAIL_ON_DATALOSS": False,  # a browser shows a body cut short; dropping it would be a way to hide
    "COOKIES_ENABLED": False,  # a flood of cookies makes the next request fail
    "REFERER_ENABLED": False,  # a site is not told where we come from
    "TELNETCONSOLE_ENABLED": False,  # runs Python for whoever connects
    "REMOTE_CONTROL_ENABLED": False,  # on by default since 2.19, likewise
    "HTTPPROXY_ENABLED": False,  # reads the environment; ours is a setting
    "HTTPCACHE_ENABLED": False,
    "METAREFRESH_ENABLED": False,  # treated as a link: the page itself is kept
    "REDIRECT_ENABLED": False,  # ours stays inside the site
    "RETRY_ENABLED": False,  # the frontier tries again later, with growing pauses
    "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",  # the frontier knows each URL once
    "REACTOR_THREADPOOL_MAXSIZE": 30,  # name lookups; dead names hold a thread for seconds
    "STATS_DUMP": False,
    "WARN_ON_GENERATOR_RETURN_VALUE": False,  # parses the callback's source for every response: 10 % of the time
    "MEMUSAGE_ENABLED": False,
    "LOG_LEVEL": "WARNING",
}
_MIDDLEWARES: Final[dict[str, int | None]] = {
    "crawler.middlewares.robots.RobotsMiddleware": 100,
    "crawler.middlewares.redirect.SiteRedirectMiddleware": 600,
    "crawler.middlewares.proxy.ProxyMiddleware": 750,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    # unused ones cost time on every request
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
}
_UNUSED_SPIDER_MIDDLEWARES: Final = (
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware",
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware",
    "scrapy.spidermiddlewares.referer.RefererMiddleware",
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware",
    "scrapy.spidermiddlewares.depth.DepthMiddleware",
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware",
)
_UNUSED_EXTENSIONS: Final = (
    "scrapy.extensions.corestats.CoreStats",
    "scrapy.extensions.logcount.LogCount",
    "scrapy.extensions.logstats.LogStats",
    "scrapy.extensions.feedexport.FeedExporter",
    "scrapy.extensions.spiderstate.SpiderState",
    "scrapy.extensions.throttle.AutoThrottle",
)
