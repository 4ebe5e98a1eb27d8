# shellcheck shell=sh disable=SC2015,SC2034,SC2153,SC2154
# What qalqan-pull knows of each program that loads a list: its files, its own check, how it is told to load them.
# Every command can be replaced in the settings (VALIDATE, RELOAD, LOADED); it then finds NEW or LIST, ZONE and SERIAL in
# its environment.

consumer_defaults() {
    case $CONSUMER in
    bind | unbound | pdns-recursor | knot) files=rpz.zone kind=dns ;;
    unbound-local) files=unbound.conf kind=dns ;;
    dnsmasq) files="dnsmasq.conf dnsmasq-hosts.txt" kind=dns ;;
    dnsmasq-hosts) files=hosts.txt kind=dns ;;
    adguard) files=adguard.txt kind=dns ;;
    squid) files="squid-dstdomain.txt squid-url.txt squid-dst.txt" kind=http ;;
    squidguard) files=squidguard-domains.txt kind=http ;;
    e2guardian) files="e2guardian-bannedsitelist e2guardian-bannedsiteiplist" kind=http ;;
    nftables) files=nftables.nft kind=nft ;;
    suricata) files="suricata.rules suricata-hosts.lst" kind=none ;;
    none) files='' kind=none ;;
    *) settings_wrong "no CONSUMER is called '$CONSUMER'; see the README" ;;
    esac
    FILES=${FILES:-$files}
    KIND=${CANARY_KIND:-$kind}
    [ -n "$FILES" ] || settings_wrong "FILES must name the files to fetch"
    for file in $FILES; do
        case $file in
        [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) settings_wrong "FILES: '$file' is no name of a file of a list" ;;
        esac
    done
    case $KIND in
    dns | http)
        [ "$KIND" = http ] || [ -n "$CANARY" ] || have dig || have kdig || settings_wrong "neither dig nor kdig is installed"
        [ -n "$CANARY$MUST_RESOLVE" ] || settings_wrong "MUST_RESOLVE must name some sites that go on working"
        ;;
    nft | none) ;;
    *) settings_wrong "CANARY_KIND must be dns, http, nft or none" ;;
    esac
}

# validate FOLDER: the consumer's own check accepts the files in it, before the consumer sees them.
validate() {
    NEW=$1
    export NEW
    if [ -n "$VALIDATE" ]; then
        run_command "$VALIDATE"
        return
    fi
    for file in $FILES; do
        case $file in
        *.zone) zone_is_sound "$NEW/$file" || return 1 ;;
        esac
    done
    case $CONSUMER in
    unbound-local)
        quiet unbound-checkconf "$(settings_for_check "include: \"$NEW/unbound.conf\"")"
        ;;
    dnsmasq)
        ! grep -q -e '^address=/[.#]*/' "$NEW/dnsmasq.conf" && hosts_are_sound "$NEW/dnsmasq-hosts.txt" &&
            quiet dnsmasq --test --conf-file="$NEW/dnsmasq.conf"
        ;;
    dnsmasq-hosts) hosts_are_sound "$NEW/hosts.txt" ;;
    squid) quiet squid -k parse -f "$(squid_settings_for_check)" && ! grep -q -e 'ERROR' -e 'FATAL' "$WORK/command.log" ;;
    squidguard)
        # its database is built here, beside the names: whoever swaps the folder in swaps both
        quiet squidGuard -C all -c "$(settings_for_check "dbhome $NEW" "logdir $WORK" \
            'dest qalqan { domainlist squidguard-domains.txt }' 'acl { default { pass !qalqan all redirect http://x/ } }')" &&
            [ -f "$NEW/squidguard-domains.txt.db" ]
        ;;
    e2guardian) ! grep -v -x -q -e '#.*' -e '[a-z0-9._:-]\{1,253\}' "$NEW/e2guardian-bannedsitelist" ;;
    adguard) ! grep -v -x -q -e '!.*' -e '||\{0,1\}[a-z0-9._:-]\{1,253\}[|^]' "$NEW/adguard.txt" ;;
    nftables) quiet nft -c -f "$NEW/nftables.nft" ;;
    suricata) suricata_files_are_ours && quiet suricata -T -S "$NEW/suricata.rules" -l "$WORK" ;;
    esac
}

# Suricata's own check takes a rule that drops everything, and says nothing of a set whose last name is cut off.
suricata_files_are_ours() {
    for file in suricata.rules suricata-hosts.lst; do
        [ -z "$(tail -c 1 "$NEW/$file" | tr -d '\n')" ] || { say "$file is cut off"; return 1; }
    done
    rule='drop (tls|http|quic) any any -> any (any|[0-9]+) \(msg:"Qalqan block list"; flow:(established,)?to_server; '
    rule=$rule'(tls\.sni|http\.host|quic\.sni); to_lowercase; ' end='pcre:"/\^\\\.\?\$/R";' number=' sid:17[0-9]{5}; rev:[0-9]+;\)'
    ! grep -E -v -x -q -e '#.*' -e "$rule"'dotprefix; content:"(\.[a-z0-9_-]+){2,}"; '"$end$number" \
        -e "$rule"'pcrexform:"[^";]+"; dataset:isset,qalqan-hosts,[^";]+;'"$number" \
        -e "$rule"'content:"[a-z0-9._-]+"; startswith; '"$end"' http\.uri\.raw; content:"[^";]+"; bsize:[0-9]+;'"$number" \
        "$NEW/suricata.rules" || { say "a rule of suricata.rules is none of a list"; return 1; }
    ! grep -E -v -x -q -e '[A-Za-z0-9+/]+={0,2}' "$NEW/suricata-hosts.lst" ||
        { say "a line of suricata-hosts.lst is no host"; return 1; }
}

# What stops Unbound or Knot Resolver, or makes PowerDNS Recursor run with no list at all (see docs/providers.md): other
# lines than ours, a star that stands alone, the same line twice, a last line without its end.
zone_is_sound() {
    [ -z "$(tail -c 1 "$1" | tr -d '\n')" ] || return 1
    awk '
        /^(;.*|\$TTL [0-9]+|@ SOA localhost\. nobody\.invalid\.( [0-9]+)+|@ NS localhost\.)$/ { next }
        NF == 3 && $2 == "CNAME" && ($3 == "." || $3 == "blocked.qalqan.invalid.") && length($1) <= 190 &&
            $1 ~ /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z0-9_-]+$/ { next }
        { exit 1 }
    ' "$1" || { say "a line of $(basename "$1") is none of a list"; return 1; }
    [ -z "$(LC_ALL=C sort "$1" | grep -v '^;' | uniq -d | head -n 1)" ] || { say "a line stands twice"; return 1; }
    have named-checkzone || return 0
    quiet named-checkzone -q -k fail -n ignore "$ZONE" "$1"
}

hosts_are_sound() {
    ! grep -v -x -q -e '#.*' -e '0\.0\.0\.0 [a-z0-9._-]\{1,253\}' -e ':: [a-z0-9._-]\{1,253\}' "$1"
}

# The path of settings of these lines, for a check alone.
settings_for_check() {
    printf '%s\n' "$@" >"$WORK/check.conf"
    printf %s "$WORK/check.conf"
}

squid_settings_for_check() {
    settings_for_check 'http_port 127.0.0.1:3128' 'pid_filename none' \
        "acl qalqan_names dstdomain -n \"$NEW/squid-dstdomain.txt\"" "acl qalqan_urls url_regex \"$NEW/squid-url.txt\"" \
        "acl qalqan_addresses dst \"$NEW/squid-dst.txt\"" \
        'http_access deny qalqan_names' 'http_access deny qalqan_urls' 'http_access deny qalqan_addresses'
}

# The consumer is told to load what LIST leads to; BEFORE is the folder of what it had.
reload() {
    if [ -n "$RELOAD" ]; then
        run_command "$RELOAD"
        return
    fi
    case $CONSUMER in
    bind) quiet rndc reload "$ZONE" ;;
    unbound) quiet unbound-control auth_zone_reload "$ZONE" ;;
    unbound-local) quiet unbound-control reload ;;
    pdns-recursor) quiet rec_control reload-lua-config && forget_answers ;;
    knot) quiet systemctl restart kresd@1 ;;
    dnsmasq) quiet systemctl restart dnsmasq ;;
    dnsmasq-hosts) quiet systemctl kill --signal=HUP dnsmasq ;;
    squid | squidguard) quiet squid -k reconfigure ;;
    e2guardian) quiet systemctl kill --signal=HUP e2guardian ;;
    nftables) quiet nft -f "$LIST/nftables.nft" ;;
    suricata) quiet suricatasc -c reload-rules ;;
    adguard) say "set RELOAD: AdGuard Home has no command for it"; return 1 ;;
    none) ;;
    esac
}

# PowerDNS Recursor goes on answering from its packet cache what it answered before: it forgets the names that are in one of
# the lists alone, or everything where they cannot be told or are too many.
forget_answers() {
    cat "$BEFORE/rpz.zone" "$LIST/rpz.zone" | grep ' CNAME ' | LC_ALL=C sort | uniq -u | cut -d ' ' -f 1 |
        sed 's/^\*\.\(.*\)$/\1$/' >"$WORK/changed"
    if [ "$(folder_of current)" = "${BEFORE##*/}" ] || [ "$(wc -l <"$WORK/changed")" -gt 2000 ]; then
        quiet rec_control wipe-cache '.$'
        return
    fi
    while read -r name; do
        quiet rec_control wipe-cache "$name" || return 1
    done <"$WORK/changed"
}

# Whether the consumer says that it has the list of this SERIAL; most cannot tell.
loaded() {
    if [ -n "$LOADED" ]; then
        run_command "$LOADED"
        return
    fi
    [ -z "$RELOAD" ] || return 0
    case $CONSUMER in
    bind) limited "$COMMAND_TIME" rndc zonestatus "$ZONE" 2>/dev/null | grep -q -x "serial: $SERIAL" ;;
    unbound) limited "$COMMAND_TIME" unbound-control list_auth_zones 2>/dev/null | grep -q "^$ZONE\..*serial $SERIAL\$" ;;
    suricata) suricata_has_all ;;
    esac
}

# Suricata says that it is done whatever it could not read: it has as many rules as the list, and left none of them out.
suricata_has_all() {
    quiet suricatasc -c ruleset-failed-rules && grep -q '"return": "OK"' "$WORK/command.log" &&
        ! grep -q 'Qalqan block list' "$WORK/command.log" && quiet suricatasc -c ruleset-stats || return 1
    has=$(sed -n 's/.*"rules_loaded": \([0-9]*\).*/\1/p' "$WORK/command.log")
    [ "${has:-0}" -ge "$(grep -c '^drop' "$LIST/suricata.rules")" ]
}

# An empty list of each file, so that a program can be set up before the first list, and a first list can be taken back.
write_empty() {
    case $2 in
    *.zone)
        printf '%s\n' '; nothing is listed yet' "\$TTL 300" '@ SOA localhost. nobody.invalid. 0 3600 600 2592000 300' \
            '@ NS localhost.' >"$1/$2"
        ;;
    unbound.conf) printf '%s\n' 'server:' >"$1/$2" ;;
    nftables.nft)
        printf '%s\n' 'add table inet qalqan' \
            'add set inet qalqan listed4 { type ipv4_addr; flags interval; auto-merge; }' 'flush set inet qalqan listed4' \
            'add set inet qalqan listed6 { type ipv6_addr; flags interval; auto-merge; }' 'flush set inet qalqan listed6' \
            >"$1/$2"
        ;;
    *) : >"$1/$2" ;;
    esac
}

# A command of the settings, with the time it may take; what it says is shown where it fails.
run_command() {
    quiet sh -c "$1"
}

quiet() {
    limited "$COMMAND_TIME" "$@" >"$WORK/command.log" 2>&1 </dev/null && return 0
    code=$?
    say "$1 failed ($code): $(tr -c '[:print:]' ' ' <"$WORK/command.log" | tail -c 300)"
    return "$code"
}

limited() {
    if have timeout; then
        timeout -k 5 "$@" 9>&-
    else
        shift
        "$@" 9>&-
    fi
}
