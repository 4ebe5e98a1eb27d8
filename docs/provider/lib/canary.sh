# shellcheck shell=sh disable=SC2015,SC2034,SC2153,SC2154
# How qalqan-pull sees that a list works: listed names are blocked, the sites that must go on working do.

# canary_passes FOLDER: within CANARY_TIME the consumer has the list of the folder and does what it says.
canary_passes() {
    canary_end=$(($(now) + CANARY_TIME))
    listed_names "$1" >"$WORK/asked"
    blocked_times=0 tries=0
    while :; do
        WHY="the program does not say that it has loaded serial $SERIAL"
        loaded && canaries_are_well && return 0
        # three seconds in which a program may still answer from the list before
        [ "$blocked_times" -lt 3 ] && [ "$(now)" -lt "$canary_end" ] || return 1
        # a second each; the clock alone would not do, it may be set back meanwhile
        tries=$((tries + 1))
        [ "$tries" -le "$CANARY_TIME" ] || return 1
        sleep 1 9>&-
    done
}

canaries_are_well() {
    if [ -n "$CANARY" ]; then
        WHY="the canary command of the settings failed"
        run_command "$CANARY"
        return
    fi
    case $KIND in
    nft) nft_has_all ;;
    dns | http)
        while read -r name; do
            [ "$("ask_$KIND" "$name")" = blocked ] || { WHY="a listed name is not blocked"; return 1; }
        done <"$WORK/asked"
        for name in $MUST_RESOLVE; do
            state=$("ask_$KIND" "$name")
            [ "$state" != blocked ] || blocked_times=$((blocked_times + 1))
            [ "$state" = open ] || { WHY="$name must go on working and is $state"; return 1; }
        done
        ;;
    esac
}

# The first, the middle and the last name of the list and those of CANARY_BLOCKED, one a line.
listed_names() {
    # an empty list, which a first list is taken back to, blocks nothing
    if [ "$SERIAL" != 0 ]; then
        for name in $CANARY_BLOCKED; do printf '%s\n' "$name"; done
    fi
    for file in $FILES; do
        count=$(names_in "$1/$file" | wc -l)
        # counted first: a million names need not be held
        names_in "$1/$file" | sed -n "1p; $((count / 2 + 1))p; \$p"
    done | grep . | sort -u
}

names_in() {
    case $1 in
    *.zone) sed -n '/rpz-ip CNAME/d; s/^\([a-z0-9_][^ ]*\) CNAME .*$/\1/p' "$1" ;;
    */unbound.conf) sed -n 's/^local-zone: "\([^"]*\)".*$/\1/p' "$1" ;;
    */dnsmasq.conf) sed -n 's/^address=\/\([^\/]*\)\/$/\1/p' "$1" ;;
    */hosts.txt | */dnsmasq-hosts.txt) sed -n 's/^0\.0\.0\.0 //p' "$1" ;;
    */adguard.txt) sed -n 's/^||*\([a-z0-9_][a-z0-9._-]*\)^$/\1/p' "$1" ;;
    */squid-dstdomain.txt) sed -n 's/^\.\{0,1\}\([a-z0-9_][a-z0-9._-]*\)$/\1/p' "$1" ;;
    */squidguard-domains.txt | */e2guardian-bannedsitelist) grep -x '[a-z0-9_][a-z0-9._-]*' "$1" ;;
    */nftables.nft) sed -n 's/^\([0-9a-f.:]*\),$/\1/p' "$1" ;;
    esac
}

# What becomes of a person who asks the resolver for a name: blocked, open, or how else it answered.
ask_dns() {
    dig=dig
    have dig || dig=kdig
    limited 15 "$dig" +time=3 +tries=2 +noall +comments +answer -p "$RESOLVER_PORT" "@$RESOLVER" "$1" A 2>/dev/null |
        awk -v nowhere=" $BLOCK_ADDRESSES " '
            /status: / { status = $0; sub(/^.*status: /, "", status); sub(/[,;].*$/, "", status) }
            $4 == "A" || $4 == "AAAA" { if (index(nowhere, " " $5 " ")) blocked++; else open++ }
            END {
                if (status == "NXDOMAIN" || (blocked && !open)) print "blocked"
                else if (open && !blocked) print "open"
                else if (status == "") print "not answered"
                else print "answered with " status
            }'
}

# The same of the proxy.
ask_http() {
    if have curl; then
        found=$(curl -q --silent --output "$WORK/answer" --max-time 10 --max-redirs 0 --noproxy '' --proxy "$PROXY" \
            --write-out '%{http_code} %{redirect_url}' "http://$1/" 2>/dev/null)
    else
        found=$(http_proxy=$PROXY no_proxy='' wget --no-config --quiet --server-response --max-redirect=0 --tries=1 \
            --timeout=10 --output-document="$WORK/answer" "http://$1/" 2>&1 |
            awk '$1 ~ /^HTTP\// { code = $2 } tolower($1) == "location:" { to = $2 } END { print code, to }')
    fi
    case $found in
    403* | 451*) echo blocked ;;
    30?\ "$BLOCK_PAGE"*) [ -n "$BLOCK_PAGE" ] && echo blocked || echo open ;;
    200*) if grep -q -i -e "$BLOCK_MARK" "$WORK/answer" 2>/dev/null; then echo blocked; else echo open; fi ;;
    30* | 404*) echo open ;;
    *) echo "not answered" ;;
    esac
}

nft_has_all() {
    while read -r address; do
        case $address in
        *:*) set=listed6 ;;
        *) set=listed4 ;;
        esac
        nft get element inet qalqan "$set" "{ $address }" >/dev/null 2>&1 || { WHY="a listed address is not in its set"; return 1; }
    done <"$WORK/asked"
}
