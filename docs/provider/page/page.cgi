#!/bin/sh
# The block page as a CGI program: status 451 and the page in the language that was asked for, first in Kazakh.
page=kk
case ${HTTP_ACCEPT_LANGUAGE-} in
[rR][uU]*) page=ru ;;
[eE][nN]*) page=en ;;
esac
case ${QUERY_STRING-} in
kk | ru | en) page=$QUERY_STRING ;;
esac
cat <<END
Status: 451 Unavailable For Legal Reasons
Content-Type: text/html; charset=utf-8
Content-Language: $page
Link: <https://www.provider.example/>; rel="blocked-by"
Content-Security-Policy: default-src 'none'; style-src 'sha256-2jjbwXKk+f5qcKqzy62H06JZpQ5s/XsR1fJ91GNnJIo='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
Cache-Control: no-store
Vary: Accept-Language
Referrer-Policy: no-referrer

END
case ${REQUEST_METHOD-} in
HEAD) ;;
*) cat "${0%/*}/$page.html" ;;
esac
