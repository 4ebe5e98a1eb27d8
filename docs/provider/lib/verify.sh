# shellcheck shell=sh disable=SC2015,SC2034,SC2153,SC2154
# What qalqan-pull believes: nothing of a manifest is read before its signature is verified.

# What must be there to verify with, said before anything is fetched.
check_keys() {
    case $VERIFY in
    minisign) have minisign || settings_wrong "minisign is not installed; install it, or set VERIFY=openssl" ;;
    openssl | cms) have openssl || settings_wrong "openssl is not installed" ;;
    *) settings_wrong "VERIFY must be minisign, openssl or cms" ;;
    esac
    if [ "$VERIFY" = cms ]; then
        [ -f "$CMS_SIGNER" ] || settings_wrong "CMS_SIGNER must be the file of the certificate that signs"
        [ -f "$CMS_CA" ] || settings_wrong "CMS_CA must be the file of the authority it is from"
        SIGNATURE=manifest.json.p7s HEARTBEAT=heartbeat.p7m
        return 0
    fi
    SIGNATURE=manifest.json.minisig HEARTBEAT=heartbeat.minisig
    [ -n "$PUBLIC_KEYS" ] || settings_wrong "PUBLIC_KEYS must name the file of the key that signs"
    for key in $PUBLIC_KEYS; do
        [ -f "$key" ] || settings_wrong "there is no key $key (PUBLIC_KEYS)"
    done
}

# verified MANIFEST SIGNATURE COMMENT: one of the keys signed; COMMENT is the file of what the signature says with it.
verified() {
    : >"$3"
    if [ "$VERIFY" = cms ]; then
        cms_verified "$2" /dev/null -binary -content "$1"
        return
    fi
    for key in $PUBLIC_KEYS; do
        "verified_by_$VERIFY" "$1" "$2" "$key" "$3" && return 0
    done
    return 1
}

# cms_verified SIGNATURE CONTENT [OPTION...]: the pinned certificate signed, not just any of the same authority.
cms_verified() {
    signed=$1 content=$2
    shift 2
    openssl cms -verify -inform DER -in "$signed" -out "$content" -CAfile "$CMS_CA" -certfile "$CMS_SIGNER" \
        -nointern -purpose any "$@" 2>>"$WORK/verify.log"
}

# heartbeat_verified MANIFEST SIGNATURE COMMENT: the same of a newer signature of the manifest. The one of CMS holds a JSON
# object of what the other has for a comment.
heartbeat_verified() {
    if [ "$VERIFY" != cms ]; then
        verified "$@"
        return
    fi
    cms_verified "$2" "$WORK/said" || return 1
    tab=$(printf '\t')
    sed -n 's/^{"serial": \([0-9]*\), "not_after": "\([^"]*\)", "sha256": "\([0-9a-f]*\)"}$'"/serial:\\1${tab}not_after:\\2${tab}sha256:\\3/p" \
        "$WORK/said" >"$3"
}

verified_by_minisign() {
    minisign -VQ -p "$3" -m "$1" -x "$2" >"$4" 2>>"$WORK/verify.log"
}

# The same signature without minisign: Ed25519 over BLAKE2b-512, then over the signature and the trusted comment.
verified_by_openssl() {
    raw=$WORK/raw
    rm -rf "$raw" && mkdir "$raw" || return 1
    sed -n 2p "$3" | openssl base64 -d -A >"$raw/key" 2>/dev/null
    sed -n 2p "$2" | openssl base64 -d -A >"$raw/head" 2>/dev/null
    sed -n 4p "$2" | openssl base64 -d -A >"$raw/whole.sig" 2>/dev/null
    sizes="$(size_of "$raw/key") $(size_of "$raw/head") $(size_of "$raw/whole.sig")"
    [ "$sizes" = "42 74 64" ] || return 1
    [ "$(head -c 2 "$raw/head")" = ED ] || return 1
    [ "$(hex "$raw/key" 3 10)" = "$(hex "$raw/head" 3 10)" ] || return 1
    tail -c 64 "$raw/head" >"$raw/sig"
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && tail -c 32 "$raw/key"; } >"$raw/key.der"
    openssl dgst -blake2b512 -binary "$1" >"$raw/digest" 2>>"$WORK/verify.log" || return 1
    signed_by "$raw/key.der" "$raw/digest" "$raw/sig" || return 1
    sed -n '3s/^trusted comment: //p' "$2" | tr -d '\r\n' >"$raw/comment"
    cat "$raw/sig" "$raw/comment" >"$raw/whole"
    signed_by "$raw/key.der" "$raw/whole" "$raw/whole.sig" || return 1
    cat "$raw/comment" >"$4"
}

signed_by() {
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$1" -rawin -in "$2" -sigfile "$3" >>"$WORK/verify.log" 2>&1
}

hex() {
    head -c "$3" "$1" | tail -c "$(($3 - $2 + 1))" | od -An -tx1 | tr -d ' \n'
}

# read_manifest FILE: a line for each value of a verified manifest, its path and itself. Fails where it is not laid out
# as ours are: one value a line, no name with a quote or a backslash in it.
read_manifest() {
    awk '
        function key_of(line) { sub(/^ *"/, "", line); sub(/": .*$/, "", line); return line }
        function where() { path = ""; for (i = 2; i <= depth; i++) path = path names[i] "/"; return path }
        /^ *\{$/ { depth++; names[depth] = ""; next }
        /^ *"[^"\\]*": [[{]$/ { depth++; names[depth] = key_of($0); next }
        /^ *[]}],?$/ { depth--; if (depth < 0) exit 1; next }
        /^ *"[^"\\]*": ("[^"\\]*"|-?[0-9]+),?$/ {
            value = $0
            sub(/^ *"[^"]*": "?/, "", value); sub(/,$/, "", value); sub(/"$/, "", value)
            printf "%s%s\t%s\n", where(), key_of($0), value
            next
        }
        /^ *"[^"\\]*": [^[{]*,?$/ { next }
        /^ *"[^"\\]*": (\[\]|\{\}),?$/ { next }
        /^ *("[^"]*"|[0-9.]+),?$/ { next }
        { odd = 1; exit 1 }
        END { if (odd || depth != 0 || NR == 0) exit 1 }
    ' "$1"
}

# value_of PATH: what the manifest says there, nothing where it says nothing or says it twice.
value_of() {
    awk -F '\t' -v path="$1" '$1 == path { found++; value = $2 } END { if (found == 1) print value }' "$WORK/values"
}

# seconds_of MOMENT: seconds since 1970 of a time in UTC such as 2026-02-08T09:00:00.000Z; nothing where it is none.
seconds_of() {
    printf '%s\n' "$1" | awk '
        /^[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]+)?Z$/ {
            y = substr($0, 1, 4) + 0; m = substr($0, 6, 2) + 0; d = substr($0, 9, 2) + 0
            if (m <= 2) { y--; m += 12 }
            days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 1 - 719468
            printf "%.0f\n", days * 86400 + substr($0, 12, 2) * 3600 + substr($0, 15, 2) * 60 + substr($0, 18, 2)
        }'
}

# usable_until MOMENT: it is neither past nor so far away that a stolen old list could be used for ever.
usable_until() {
    until_s=$(seconds_of "$1")
    [ -n "$until_s" ] || { WHY="it does not say until when it may be used"; return 1; }
    if [ "$until_s" -le "$(now)" ]; then
        WHY="it may be used until $1 only, which is past; is the clock right?"
        return 1
    fi
    if [ "$until_s" -gt "$(($(now) + MAX_DAYS * 86400))" ]; then
        WHY="it claims to be good until $1, more than $MAX_DAYS days; is the clock right?"
        return 1
    fi
}

is_number() {
    case $1 in
    '' | *[!0-9]* | 0?* | ????????????????*) return 1 ;;
    esac
}
