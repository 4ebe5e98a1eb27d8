# shellcheck shell=sh disable=SC2015,SC2034,SC2153,SC2154
# From a whole folder into force, and back.

# What is in WORK/list is in force, or the last good list is again and the run has ended.
install_list() {
    for name in manifest.json signature etag; do
        cp "$WORK/$name" "$WORK/list/$name" || leave "$EXIT_FETCH" "no room left in $TARGET"
    done
    printf '%s\n' "$UNTIL" >"$WORK/list/not_after" || leave "$EXIT_FETCH" "no room left in $TARGET"
    validate "$WORK/list" || refuse "$EXIT_CHECK" "the check of $CONSUMER does not accept the list"
    give_to_readers "$WORK/list" || leave "$EXIT_SETTINGS" "cannot give the list to the group $GROUP"
    sync "$WORK/list"/* "$WORK/list" 2>/dev/null 9>&- || sync 9>&-
    folder=$(printf '%010d-%s' "$SERIAL" "$$")
    rm -rf "$TARGET/lists/$folder"
    mv "$WORK/list" "$TARGET/lists/$folder" && echo "$SERIAL" | write "$TARGET/pending" && lead current "$folder" ||
        leave "$EXIT_FETCH" "cannot write $TARGET; is there room?"
    judge
}

# A run that was killed left open whether the program works with what `current` leads to.
finish_what_was_begun() {
    [ -f "$TARGET/pending" ] || [ "$(folder_of current)" != "$(folder_of good)" ] || return 0
    say "the last run was cut off: the program is told and asked again"
    touch "$TARGET/current"/* 2>/dev/null
    [ -d "$TARGET/current/" ] || lead current "$(folder_of good)"
    judge
}

judge() {
    SERIAL=$(serial_in current)
    export SERIAL
    BEFORE=$TARGET/lists/$(folder_of good)
    WHY="the program could not be made to load the list"
    if reload && canary_passes "$LIST"; then
        accept
    else
        roll_back
    fi
}

accept() {
    lead good "$(folder_of current)" || leave "$EXIT_FETCH" "cannot write $TARGET; is there room?"
    if [ "$SERIAL" -ge "$FLOOR" ] && [ "$SERIAL" -gt 0 ]; then
        printf '%s %s\n' "$SERIAL" "$(digest_of "$LIST/manifest.json")" | write "$TARGET/state"
    fi
    rm -f "$TARGET/pending" "$TARGET/failed" "$TARGET/neither"
    STUCK=
    prune
    read_floor
}

roll_back() {
    failed=$SERIAL reason=$WHY failed_digest=
    if [ "$(folder_of current)" = "$(folder_of good)" ]; then
        # the run goes on: what is wrong with it, such as a site that must go on working, the next list may mend
        STUCK="$reason, with the last good list (serial $failed): look at the program"
        return
    fi
    [ ! -f "$LIST/manifest.json" ] || failed_digest=$(digest_of "$LIST/manifest.json")
    say "$reason with serial $failed: going back to serial $(serial_in good)"
    BEFORE=$TARGET/lists/$(folder_of current)
    # BIND does not look into a file that is older than what it has loaded
    touch "$TARGET/good"/* 2>/dev/null
    lead current "$(folder_of good)" || leave "$EXIT_NEITHER" "cannot write $TARGET"
    SERIAL=$(serial_in good)
    WHY="the program could not be made to load the last good list"
    if reload && canary_passes "$LIST"; then
        # only now: where the last good list does not work either, the new one may not be at fault
        printf '%s %s\n' "$(now)" "$failed_digest" | write "$TARGET/failed"
        rm -f "$TARGET/pending" "$TARGET/neither"
        STUCK= # it works again, such as with a resolver that was still starting
        prune
        send_receipt rolled_back "$reason" "$failed" "$failed_digest"
        leave "$EXIT_ROLLED_BACK" "rolled back: $reason; serial $(serial_in current) is in force"
    fi
    printf '%s %s\n' "$(now)" "$failed_digest" | write "$TARGET/neither"
    send_receipt rolled_back "$reason; nor does the last good list work" "$failed" "$failed_digest"
    leave "$EXIT_NEITHER" "rolled back, but $WHY: look at the program"
}

# tried_lately failed|neither: this very list was rolled back so short a time ago that it is not worth another try.
tried_lately() {
    [ -f "$TARGET/$1" ] && [ "$AT_ONCE" = no ] || return 1
    read -r failed_at failed_digest <"$TARGET/$1"
    is_number "$failed_at" && [ "$failed_digest" = "$DIGEST" ] || return 1
    ago=$(($(now) - failed_at))
    # of the future where the clock was ahead
    [ "$ago" -ge 0 ] && [ "$ago" -lt "$RETRY_AFTER" ]
}

# warn_if_stale: ends the run where the list in force may not be used any longer.
warn_if_stale() {
    until=$(cat "$TARGET/good/not_after" 2>/dev/null) || return 0
    until_s=$(seconds_of "$until")
    [ -n "$until_s" ] && [ "$until_s" -le "$(now)" ] || return 0
    say "WARNING: the list in force, serial $(serial_in good), may be used until $until only"
    if [ "$STALE" = drop ]; then
        drop_list
        leave "$EXIT_STALE" "nothing is blocked until there is a newer list (STALE=drop)"
    fi
    leave "$EXIT_STALE" "it stays in force and may block what was lifted (STALE=keep)"
}

drop_list() {
    BEFORE=$TARGET/lists/$(folder_of good)
    printf '%s %s\n' "$FLOOR" "$FLOOR_DIGEST" | write "$TARGET/state" && make_empty && echo 0 | write "$TARGET/pending" &&
        lead current "$EMPTY" && lead good "$EMPTY" || leave "$EXIT_NEITHER" "cannot write $TARGET; is there room?"
    SERIAL=0
    reload || leave "$EXIT_NEITHER" "the program could not be made to load an empty list"
    # nobody need look at a program that works with this one
    [ -z "$STUCK" ] || ! canary_passes "$LIST" || STUCK=
    rm -f "$TARGET/pending"
}
