# shellcheck shell=sh disable=SC2015,SC2034,SC2153,SC2154
# The folder of lists. A list is whole before anything leads to it, and one rename leads to it:
#
#   TARGET/lists/0000000007-4711/   a list, its manifest, its signature and until when it may be used
#   TARGET/current -> lists/...     what the program loads
#   TARGET/good -> lists/...        the last list the program was seen to work with
#   TARGET/state                    the highest serial that was in force, and the SHA-256 of its manifest
#   TARGET/pending                  `current` leads to a list nobody has seen working yet
#   TARGET/failed, TARGET/neither   when a list was rolled back, and its manifest; neither: the one before did not work then

# One run at a time; nothing of a run that was killed is left but whole lists.
prepare_target() {
    umask 022
    mkdir -p "$TARGET/lists" || settings_wrong "cannot write $TARGET: see that there is room, and who may write there"
    take_lock
    # a body that a killed run waited for may still be written to it
    rm -rf "$TARGET"/.work.* "$TARGET"/.*.new 2>/dev/null || rm -rf "$TARGET"/.work.*
    WORK=$TARGET/.work.$$
    (umask 077 && mkdir "$WORK") || settings_wrong "cannot write $TARGET: see that there is room, and who may write there"
    trap 'rm -rf "$WORK"; trap - TERM; kill -TERM $$' INT TERM HUP
    [ ! -d "$TARGET/good/" ] || return 0
    make_empty && lead current "$EMPTY" && lead good "$EMPTY" || leave "$EXIT_SETTINGS" "cannot write $TARGET: see that there is room, and who may write there"
}

# The lock goes with the process that holds it; without flock it is a folder with the number of that process.
take_lock() {
    if have flock; then
        exec 9>"$TARGET/.lock"
        flock -n 9 || leave "$EXIT_BUSY" "another run is at work"
        return
    fi
    if ! mkdir "$TARGET/.lock.d" 2>/dev/null; then
        holder=$(cat "$TARGET/.lock.d/pid" 2>/dev/null)
        if [ -n "$holder" ] && kill -0 "$holder" 2>/dev/null; then leave "$EXIT_BUSY" "another run is at work"; fi
        rm -rf "$TARGET/.lock.d"
        mkdir "$TARGET/.lock.d" || leave "$EXIT_BUSY" "another run is at work"
    fi
    echo "$$" >"$TARGET/.lock.d/pid"
    trap 'rm -rf "$TARGET/.lock.d"' EXIT
}

# EMPTY is the folder of a list that blocks nothing, so that the program can be set up before the first list.
make_empty() {
    rm -rf "$WORK/empty"
    mkdir "$WORK/empty" && chmod 755 "$WORK/empty" || return 1
    for file in $FILES; do
        write_empty "$WORK/empty" "$file" || return 1
    done
    [ "$CONSUMER" != squidguard ] || validate "$WORK/empty" || return 1
    give_to_readers "$WORK/empty" || return 1
    EMPTY=0000000000-$$
    rm -rf "$TARGET/lists/$EMPTY"
    mv "$WORK/empty" "$TARGET/lists/$EMPTY"
}

give_to_readers() {
    [ -n "$GROUP" ] || return 0
    chgrp -R "$GROUP" "$1" && chmod -R g+rX,o-rwx "$1"
}

# lead LINK FOLDER: the link leads there, by one rename.
lead() {
    rm -f "$TARGET/.$1.new"
    ln -s "lists/$2" "$TARGET/.$1.new" || return 1
    mv -fT "$TARGET/.$1.new" "$TARGET/$1" 2>/dev/null || mv -fh "$TARGET/.$1.new" "$TARGET/$1"
}

folder_of() { basename "$(readlink "$TARGET/$1")"; }
serial_in() { folder_of "$1" | sed 's/-.*$//; s/^0*//; s/^$/0/'; }

# write FILE: standard input is the file, by one rename.
write() { cat >"$TARGET/.state.new" && mv -f "$TARGET/.state.new" "$1"; }

# The highest serial that was ever in force, and the SHA-256 of its manifest.
read_floor() {
    FLOOR=0 FLOOR_DIGEST=
    if [ -f "$TARGET/state" ]; then read -r FLOOR FLOOR_DIGEST <"$TARGET/state"; fi
    is_number "$FLOOR" || FLOOR=0
    serial=$(serial_in good)
    if [ "$serial" -gt "$FLOOR" ]; then
        FLOOR=$serial FLOOR_DIGEST=$(digest_of "$TARGET/good/manifest.json")
    fi
}

# Whether the last good list is still what its manifest says, and has all that the settings want now.
good_is_whole() {
    [ -f "$TARGET/good/manifest.json" ] || return 1
    read_manifest "$TARGET/good/manifest.json" >"$WORK/values" || return 1
    for file in $FILES; do
        [ -f "$TARGET/good/$file" ] &&
            [ "$(digest_of "$TARGET/good/$file")" = "$(value_of "files/$file/sha256")" ] || return 1
    done
}

# Of the lists that are not in force, the newest KEPT are left.
prune() {
    kept=0
    for path in $(printf '%s\n' "$TARGET"/lists/* | sort -r); do
        folder=${path##*/}
        if [ "$folder" != "$(folder_of good)" ] && [ "$folder" != "$(folder_of current)" ]; then
            kept=$((kept + 1))
            [ "$kept" -le "$KEPT" ] || mv "$path" "$WORK/old.$folder"
        fi
    done
}
