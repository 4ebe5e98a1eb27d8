# shellcheck shell=sh disable=SC2015,SC2034,SC2153,SC2154
# How qalqan-pull asks the feed: no redirect is followed, no body is larger or slower than allowed, the token is never
# on a command line.

# The program of the settings, or the first one there is, and whether the settings let it talk to this feed.
find_fetcher() {
    case $FEED in
    https://*) ;;
    http://*) [ "$ALLOW_HTTP" = yes ] || settings_wrong "FEED is not https: the token would be read on the way" ;;
    *) settings_wrong "FEED must be the address of the feed, such as https://lists.example/v1" ;;
    esac
    if [ -z "$FETCHER" ]; then
        if have curl; then FETCHER=curl; else FETCHER=wget; fi
    fi
    have "$FETCHER" || settings_wrong "neither curl nor wget is installed"
    if [ "$FETCHER" = wget ]; then
        case $(wget --version 2>&1) in
        # Wget2 (of Fedora) says 'GNU Wget2'; what it prints of an answer is unproved
        'GNU Wget 1'*) ;;
        *) settings_wrong "this wget is not GNU Wget 1, such as Wget2 or that of BusyBox, which takes no token from a file: install curl" ;;
        esac
    fi
    for file in "$TLS_CA" "$TLS_CERT" "$TLS_KEY"; do
        [ -z "$file" ] || [ -r "$file" ] || settings_wrong "cannot read $file (TLS_CA, TLS_CERT or TLS_KEY)"
    done
    read_token
}

read_token() {
    TOKEN=
    [ -n "$TOKEN_FILE" ] || return 0
    [ -f "$TOKEN_FILE" ] || settings_wrong "there is no TOKEN_FILE $TOKEN_FILE"
    # shellcheck disable=SC2012  # one file, whose name is not printed
    case $(ls -ldL "$TOKEN_FILE" | cut -c 1-10) in
    -r??------) ;;
    *) settings_wrong "others can read the token; run: chmod 600 $TOKEN_FILE" ;;
    esac
    TOKEN=$(sed -n 1p "$TOKEN_FILE")
    case $TOKEN in
    '' | *[!A-Za-z0-9._~+/=-]*) settings_wrong "$TOKEN_FILE holds no token on its first line" ;;
    esac
}

# fetch NAME FILE LIMIT [ETAG]: STATUS is what the feed answered, 000 where there was no whole answer; FILE is the body,
# of LIMIT bytes at the most, FILE.head its head.
fetch() {
    rm -f "$2" "$2.head"
    : >"$2.head" || return 1
    STATUS=$(
        exec 9>&- # or the lock would outlive a run that is killed
        # what holds even where the feed names no length: not a block more can be written (the largest is 8 GB)
        ulimit -f "$(($3 / 512 + 64))" 2>/dev/null
        "fetch_by_$FETCHER" "$1" "$2" "${4-}" "$3" 2>>"$WORK/fetch.log"
    )
    case $STATUS in
    [1-5][0-9][0-9]) ;;
    *) STATUS=000 ;;
    esac
    [ -f "$2" ] || : >"$2"
    if [ "$(size_of "$2")" -gt "$3" ]; then
        say "more came for $1 than the $3 bytes it may have"
        STATUS=000
    fi
}

# Each prints the status, and nothing where the answer was cut off. The token goes through a pipe, or a file of a folder that
# is for this user alone: wget takes no other.
fetch_by_curl() {
    curl_settings "$3" | curl -q --config - --silent --show-error --output "$2" --dump-header "$2.head" \
        --write-out '%{http_code}' --max-redirs 0 --max-filesize "$4" --connect-timeout "$CONNECT_TIME" \
        --max-time "$FETCH_TIME" --speed-limit 256 --speed-time "$SLOW_TIME" "$FEED/$1" >"$WORK/status" || return 1
    cat "$WORK/status"
}

curl_settings() {
    [ -z "$TOKEN" ] || printf 'header = "Authorization: Bearer %s"\n' "$TOKEN"
    [ -z "$1" ] || printf 'header = "If-None-Match: %s"\n' "$(printf %s "$1" | sed 's/"/\\"/g')"
    [ -z "$TLS_CA" ] || printf 'cacert = "%s"\n' "$TLS_CA"
    [ -z "$TLS_CERT" ] || printf 'cert = "%s"\n' "$TLS_CERT"
    [ -z "$TLS_KEY" ] || printf 'key = "%s"\n' "$TLS_KEY"
    [ "$GZIP" != yes ] || printf 'compressed\n'
    printf 'user-agent = "qalqan-pull/%s"\n' "$VERSION"
}

fetch_by_wget() {
    wget_settings "$3" >"$WORK/wgetrc" || return 1
    limited "$FETCH_TIME" wget --config="$WORK/wgetrc" --no-verbose --server-response --output-document="$2" \
        --max-redirect=0 --tries=1 --timeout="$SLOW_TIME" --no-hsts "$FEED/$1" 2>"$2.head"
    code=$?
    case $code in
    # 8, and 6 after 401: the feed answered with another status than 200, which its head tells
    0 | 6 | 8) awk '$1 ~ /^HTTP\// { found = $2 } END { printf "%s", found }' "$2.head" ;;
    *) grep -v '^ ' "$2.head" >&2 ;;
    esac
}

wget_settings() {
    [ -z "$TOKEN" ] || printf 'header = Authorization: Bearer %s\n' "$TOKEN"
    [ -z "$1" ] || printf 'header = If-None-Match: %s\n' "$1"
    [ -z "$TLS_CA" ] || printf 'ca_certificate = %s\n' "$TLS_CA"
    [ -z "$TLS_CERT" ] || printf 'certificate = %s\n' "$TLS_CERT"
    [ -z "$TLS_KEY" ] || printf 'private_key = %s\n' "$TLS_KEY"
    printf 'user_agent = qalqan-pull/%s\n' "$VERSION"
}

# The strong ETag in the head of an answer; nothing where it is none that could stand in a request.
etag_of() {
    tr -d '\r' <"$1" | sed -n 's/^ *[Ee][Tt][Aa][Gg]: *\("[A-Za-z0-9._:+=/-]\{1,100\}"\) *$/\1/p' | sed -n '$p'
}

# send_receipt OUTCOME DETAIL [SERIAL DIGEST]: the feed knows what became of a list, of the one in force where none is named.
# A receipt that cannot be sent now goes out with the next run.
send_receipt() {
    [ "$RECEIPTS" = yes ] || return 0
    serial=${3-} digest=${4-}
    if [ -z "$serial" ] || [ -z "$digest" ]; then
        [ -f "$TARGET/good/manifest.json" ] || return 0 # nothing was in force yet that the feed could know
        serial=$(serial_in good) digest=$(digest_of "$TARGET/good/manifest.json")
    fi
    detail=$(printf %s "$2" | tr -cd 'A-Za-z0-9 .,:;_()/-' | cut -c 1-300)
    printf '{"serial": %s, "manifest_sha256": "%s", "outcome": "%s", "consumer": "%s", "detail": "%s"}\n' \
        "$serial" "$digest" "$1" "$CONSUMER" "$detail" >"$TARGET/.receipt.new" &&
        mv -f "$TARGET/.receipt.new" "$TARGET/receipt.json"
    send_waiting_receipt
}

send_waiting_receipt() {
    [ -f "$TARGET/receipt.json" ] || return 0
    case $FETCHER in
    curl) code=$(
        curl_settings '' | sed '/^compressed$/d' | curl -q --config - --silent --output /dev/null --max-time 30 \
            --write-out '%{http_code}' --max-redirs 0 --header 'Content-Type: application/json' \
            --data-binary "@$TARGET/receipt.json" "$FEED/$RECEIPTS_PATH" 2>/dev/null
    ) ;;
    *) code=$(
        wget_settings '' >"$WORK/wgetrc" && limited 30 wget --config="$WORK/wgetrc" --quiet --server-response --output-document=/dev/null \
            --max-redirect=0 --tries=1 --header='Content-Type: application/json' \
            --post-file="$TARGET/receipt.json" "$FEED/$RECEIPTS_PATH" 2>&1 | awk '$1 ~ /^HTTP\// { found = $2 } END { print found }'
    ) ;;
    esac
    case $code in
    # of the feed itself; a page that somebody else sends has 200, or asks for a password
    201 | 202) rm -f "$TARGET/receipt.json" ;;
    400 | 404 | 405 | 409 | 413 | 422)
        rm -f "$TARGET/receipt.json"
        say "the feed did not take the receipt ($code)"
        ;;
    *) say "the receipt could not be sent; it goes out with the next run" ;;
    esac
}
