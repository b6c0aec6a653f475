#!/bin/sh
# Drop folders as senders use and misuse them: hundreds of files at once, odd names, what is no file, files that are
# replaced or grow while they are taken, a home that cannot be written, and a disk that fills in the middle of the night.
. "${NKS_SOURCE:?}/tests/system/lib.sh"
golden=$NKS_SOURCE/tests/golden/small
esc=$(printf '\033')
drops=in/sender/datacenter-nord
school=$small/$drops/20-skole.xml

message() { # ID [FILE]: a good message with that id
    sed "s|<MsgId>[^<]*|<MsgId>$1|" "${2:-$school}"
}
home_bare() { # HOME: a test home with empty drop folders
    home_copy "$work/bare" "$1"
}
deliveries() { # HOME
    nks "$1" list --now "$night"
    grep '^delivery' "$work/said" || true
}
answers() { # HOME: how often each message was answered, "1 ID"
    find "$1/out/sender" -type f -name '*.xml' -exec grep -ho '<OrgnlMsgId>[^<]*' {} + | sed 's/.*>//' | grep -vx NOTPROVIDED |
        sort | uniq -c | awk '{ print $1, $2 }'
}
skipped() { # HOME WHAT EXPECTED: of one more run
    nks "$1" run -v --now "$night"
    assert_eq "$2" "$(awk -F '\t' '/^# type/ { n = split($0, name, FS) }
        $1 == "run" { for (i = 1; i <= n; i++) if (name[i] == "skipped") print $i }' "$work/said")" "$3"
}
clean_screen() { # WHAT FILE: nothing in it steers a terminal
    checks=$((checks + 1))
    if tr -d '\n\t' <"$2" | grep -q '[[:cntrl:]]' || grep -q "$(printf '\302\233')" "$2"; then
        fail "$1: control characters on the screen"
    fi
}

home_init "$work/bare"
mkdir -p "$work/bare/$drops" "$work/bare/in/sender/proeve-kommune"

# ---- hundreds at once, by two cron jobs at the same moment
home=$work/many
home_bare "$home"
i=0
while [ $i -lt 150 ]; do
    message "SKOLE-$i" >"$home/$drops/s$i.xml"
    message "REGION-$i" "$small/$drops/10-region.xml" >"$home/$drops/r$i.xml"
    echo "rubbish $i" >"$home/$drops/x$i.xml"
    i=$((i + 1))
done
i=0
while [ $i -lt 50 ]; do # the same bytes under another name, later in the order of names
    cp "$home/$drops/s$i.xml" "$home/$drops/z$i.xml"
    message "KOMMUNE-$i" "$small/in/sender/proeve-kommune/10-loen.xml" >"$home/in/sender/proeve-kommune/$i.xml"
    i=$((i + 1))
done
assert_eq "files in one drop folder" "$(find "$home/$drops" -type f | wc -l | tr -d ' ')" 500
"$NKS_BIN/nks" --home "$home" run --now "$night" >"$work/one.said" 2>&1 &
one=$!
"$NKS_BIN/nks" --home "$home" run --now "$night" >"$work/two.said" 2>&1 &
two=$!
one_code=0
wait $one || one_code=$?
two_code=0
wait $two || two_code=$?
assert_eq "exits of two runs at the same moment" "$(printf '%s\n' $one_code $two_code | sort | tr '\n' ' ')" "0 3 "
[ $one_code -eq 3 ] && busy=$work/one.said || busy=$work/two.said
grep -q BUSY "$busy" || fail "the second run does not say that it was busy"
deliveries "$home" >"$work/list"
assert_eq "deliveries" "$(awk -F '\t' '{ print $5 }' "$work/list" | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ' ')" \
    "350 ACCEPTED 150 REFUSED 50 REPEATED "
answers "$home" >"$work/answers"
assert_eq "messages answered" "$(grep -c . "$work/answers")" 350
assert_eq "those sent twice are answered twice" "$(grep -c '^2 SKOLE-' "$work/answers")" 50
assert_eq "all others once" "$(grep -c '^1 ' "$work/answers")" 300
# What has no id is answered by its name.
find "$home/out/sender/datacenter-nord" -name '*.xml' -exec grep -ho ' x[0-9]*\.xml, SHA-256' {} + | sort | uniq -c |
    awk '{ print $1 }' | sort | uniq -c | awk '{ print $1, $2 }' >"$work/named"
assert_eq "files without an id are answered by name, once each" "$(cat "$work/named")" "150 1"
nothing_left "$home"
audit_clean "$home"
before=$(find "$home/out" -type f | wc -l)
night_run "$home"
assert_eq "files published by one more run" "$(find "$home/out" -type f | wc -l)" "$before"

# ---- odd names, and what is no file
home=$work/odd
home_bare "$home"
drop=$home/$drops
long=$(printf '%0251d' 0).xml
accents=$(printf '\303\246%.0s' $(seq 1 60)).xml # cut in the middle of a letter where 79 or 80 bytes are shown
count=0
for name in 'with spaces.xml' "$(printf 'new\nline.xml')" "quote'\"s.xml" '-dash.xml' '--home' "$(printf 'r\303\270d.xml')" \
    "$(printf 'latin\370.xml')" "$long" "$accents" "x$accents" 'x.part.xml' 'x.tmp.' '*' '$(touch pwned)' 'a;b' 'nosuffix' \
    "$(printf 'esc\033[31m\a.xml')" "$(printf 'c1\302\233.xml')" "$(printf 'tab\t.xml')" '%s%n.xml' '<&>.xml'; do
    count=$((count + 1))
    echo "rubbish $count" >"$drop/$name" # refused, so that its answer names it
done
for name in a.part b.tmp C.PART D.TMP E.Part .hidden; do
    message "LEFT-$name" >"$drop/$name"
done
echo lone >"$drop/lone.p7s"
echo lone >"$drop/LONE.P7S"
mkdir "$drop/folder.xml"
mkfifo "$drop/pipe.xml"
ln -s "$school" "$drop/link.xml"
ln -s nowhere "$drop/dangling.xml"
message BESIDE >"$home/in/sender/beside.xml"
mkdir "$home/in/sender/No Sender"
others=7 # lone.p7s LONE.P7S folder pipe link dangling beside; and the folder of no sender
if have python3 && python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$drop/s.xml" 2>/dev/null; then
    others=$((others + 1))
else
    skip "no socket can be made"
fi
message HARD-1 >"$work/hard"
ln "$work/hard" "$drop/hard.xml"
message FIRST >"$drop/same-1.xml"
cp "$drop/same-1.xml" "$drop/same-2.xml"
if [ "$(id -u)" -ne 0 ]; then
    message CLOSED >"$drop/closed.xml"
    chmod 0 "$drop/closed.xml"
    others=$((others + 1))
else
    skip "root may read everything: an unreadable file"
fi
code "$NKS_BIN/nks" --home "$home" run -v --now "$night"
assert_eq "exit with odd names" "$code" 0
clean_screen "run" "$work/said"
deliveries "$home" >"$work/list"
clean_screen "list" "$work/list"
assert_eq "states" "$(awk -F '\t' '{ print $5 }' "$work/list" | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ' ')" \
    "2 ACCEPTED $count REFUSED 1 REPEATED "
assert_eq "messages answered" "$(answers "$home" | tr '\n' ' ')" "2 FIRST 1 HARD-1 "
assert_eq "what is left" "$(cd "$drop" && find . -name '.?*' -prune -o -print | LC_ALL=C sort | grep -v 's.xml$\|closed' | tr '\n' ' ')" \
    ". ./C.PART ./D.TMP ./E.Part ./LONE.P7S ./a.part ./b.tmp ./dangling.xml ./folder.xml ./link.xml ./lone.p7s ./pipe.xml "
[ ! -e pwned ] && [ ! -e "$drop/pwned" ] || fail "a name was carried out"
cmp -s "$work/hard" "$school" && fail "the other name of a file was changed" || true
assert_eq "the other name of a file" "$(grep -c HARD-1 "$work/hard")" 1
skipped "$home" "entries left lying" "$((others + 1))"
for number in 1 2 3; do
    nks "$home" show "#$number" --now "$night"
    cat "$work/said"
done >"$work/shown"
clean_screen "show" "$work/shown"
out_valid "$home/out/sender"
find "$home/out/sender" -name '*.xml' -exec cat {} + >"$work/receipts"
clean_screen "receipts" "$work/receipts"
assert_eq "the name of a refused file" "$(grep -c 'with spaces.xml, SHA-256' "$work/receipts")" 1
audit_clean "$home"
# A .taken that is a link, or a file: that sender's files wait and it is told; all others are taken.
for kind in link file; do
    home=$work/taken-$kind
    home_bare "$home"
    message WAITS >"$home/$drops/1.xml"
    message TAKEN "$small/in/sender/proeve-kommune/10-loen.xml" >"$home/in/sender/proeve-kommune/1.xml"
    mkdir "$work/elsewhere-$kind"
    case $kind in
    link) ln -s "$work/elsewhere-$kind" "$home/$drops/.taken" ;;
    file) : >"$home/$drops/.taken" ;;
    esac
    code "$NKS_BIN/nks" --home "$home" run --now "$night"
    assert_eq "exit when .taken is a $kind" "$code" 6
    grep -q FILE-KIND "$work/said" || fail ".taken is a $kind: $(cat "$work/said")"
    assert_eq "answers when .taken is a $kind" "$(answers "$home")" "1 TAKEN"
    rm "$home/$drops/.taken"
    night_run "$home"
    assert_eq "answers when it is gone" "$(answers "$home" | tr '\n' ' ')" "1 TAKEN 1 WAITS "
done
home=$work/odd
# The same names on the command line.
for name in "$(printf 'esc\033[31m\a.xml')" "$(printf 'c1\302\233.xml')" "$(printf 'latin\370.xml')" "$accents" "$long"; do
    echo rubbish >"$work/$name"
    for words in 'check' 'check --json' '' 'agreement import'; do
        # shellcheck disable=SC2086 # words
        code "$NKS_BIN/nks" --home "$home" $words "$work/$name" --now "$night"
        clean_screen "nks $words with an odd name" "$work/said"
        [ "$code" -ne 0 ] && [ "$code" -ne 4 ] && [ "$code" -ne 8 ] || fail "nks $words with an odd name: exit $code"
    done
    code "$NKS_BIN/nks-audit" "$work/$name"
    clean_screen "nks-audit with an odd name" "$work/said"
done

# ---- replaced and growing files; what is judged is what was copied, and no bytes are lost
home=$work/replaced
home_bare "$home"
drop=$home/$drops
stop_at() { # POINT: a run of receive that is halted there, in $first
    NKS_STOP_AT=$1 "$NKS_BIN/nks" --home "$home" receive --now "$night" >"$work/first.said" 2>&1 &
    first=$!
    halted "$first"
}
go_on() {
    kill -CONT "$first"
    wait "$first" || fail "receive after it was halted: exit $?"
}
message IN-OLD >"$drop/in.xml"
if stop_at receive.taken; then
    # Between taking and reading: another file in its place, and the sender drops the next of that name.
    message IN-NEW >"$work/new.xml"
    cp "$work/new.xml" "$drop/.taken/other" && mv "$drop/.taken/other" "$drop/.taken/in.xml"
    message IN-NEXT >"$drop/in.xml"
    go_on
    nks "$home" receive --now "$night"
    # While it is read: the sender writes on; it waits, and is read whole.
    message GROWN | head -c 1500 >"$drop/grows.xml"
    message GROWN | tail -c +1501 >"$work/rest"
    stop_at receive.reading || die "not halted at receive.reading"
    cat "$work/rest" >>"$drop/.taken/grows.xml"
    go_on
    nks "$home" receive --now "$night"
    # After the copy, and after its row: the copy stands as what came, and what lies there then is a delivery of its own.
    for point in receive.spooled receive.row; do
        for how in replaced written-on folder; do
            message "$point-$how" >"$drop/late.xml"
            stop_at $point || die "not halted at $point"
            case $how in
            replaced) message "$point-second" >"$drop/.taken/other" && mv "$drop/.taken/other" "$drop/.taken/late.xml" ;;
            written-on) echo '<!-- more -->' >>"$drop/.taken/late.xml" ;;
            folder) rm "$drop/.taken/late.xml" && mkdir "$drop/.taken/late.xml" ;;
            esac
            go_on
            [ -e "$drop/.taken/late.xml" ] || fail "$point: what was $how was removed unread"
            [ $how != folder ] || rmdir "$drop/.taken/late.xml"
            nks "$home" receive --now "$night"
        done
    done
    # The same after a kill there, and a file that is as it was is not read twice.
    for how in replaced same; do
        message "KILLED-$how" >"$drop/late.xml"
        code env NKS_KILL_AT=receive.row "$NKS_BIN/nks" --home "$home" receive --now "$night"
        assert_eq "killed at receive.row" "$code" 137
        [ $how = same ] || message KILLED-SECOND >"$drop/.taken/late.xml"
        nks "$home" receive --now "$night"
        nks "$home" receive --now "$night"
    done
    # Gone between taking and reading, and before it: nobody is held up.
    for point in receive.taken receive.signature; do
        message GONE >"$drop/gone.xml"
        message "AFTER-$point" >"$drop/hafter.xml"
        [ $point = receive.taken ] || echo p7s >"$drop/gone.xml.p7s"
        stop_at $point || die "not halted at $point"
        rm -f "$drop/gone.xml" "$drop/.taken/gone.xml"
        go_on
    done
    nothing=$(find "$drop/.taken" -type f ! -name '*.p7s' | wc -l | tr -d ' ')
    assert_eq "files left in .taken/" "$nothing" 0
    rm -f "$drop/.taken/gone.xml.p7s"
    night_run "$home"
    answers "$home" | sed 's/^1 //' >"$work/answered"
    sort >"$work/expected" <<END
AFTER-receive.signature
AFTER-receive.taken
GROWN
IN-NEW
IN-NEXT
KILLED-SECOND
KILLED-replaced
KILLED-same
receive.row-folder
receive.row-replaced
receive.row-second
receive.row-written-on
receive.spooled-folder
receive.spooled-replaced
receive.spooled-second
receive.spooled-written-on
END
    # A message that was written on is the same id with other bytes: its second answer says so.
    sed 's/^2 \(.*-written-on\)$/\1/' "$work/answered" >"$work/answered.once"
    assert_same "messages that were answered" "$work/answered.once" "$work/expected"
    new=$(hash_of "$work/new.xml" | cut -c 1-8)
    deliveries "$home" >"$work/list"
    assert_eq "the delivery of the file that was put in its place" "$(grep -c "($new)" "$work/list")" 1
    nothing_left "$home"
    audit_clean "$home"

    # While a run is at work, receive answers; what it took is in the next run, once.
    home=$work/during
    home_bare "$home"
    message DURING-1 >"$home/$drops/1.xml"
    NKS_STOP_AT=save.after "$NKS_BIN/nks" --home "$home" run --now "$night" >/dev/null 2>&1 &
    first=$!
    halted "$first" || die "the run was not halted at save.after"
    message DURING-2 >"$home/$drops/2.xml"
    nks "$home" receive --now "$night"
    [ ! -e "$home/$drops/2.xml" ] || fail "receive left a file lying during a run"
    kill -CONT "$first"
    wait "$first" || fail "the run after receive: exit $?"
    night_run "$home"
    assert_eq "answers of both" "$(answers "$home" | tr '\n' ' ')" "1 DURING-1 1 DURING-2 "
    nothing_left "$home"
    audit_clean "$home"
else
    skip "no fault points in this build: files that are replaced or grow"
fi

# ---- a home that cannot be written, and a disk that fills
disk=$work/disk
mkdir "$disk"
if [ "$(id -u)" -ne 0 ] || ! mount -t tmpfs -o size=16m tmpfs "$disk" 2>/dev/null; then
    skip "no small disk can be mounted: a read-only home, and a disk that fills in the middle of the night"
    test_end
    exit 0
fi
trap 'umount "$disk" 2>/dev/null || true; test_leave' EXIT
home_make "$work/start"
home_copy "$work/start" "$disk/home"
home=$disk/home
sed -i '/min_free/d' "$home/nks.conf"
printf '\n[run]\nmin_free_mib = 0\n' >>"$home/nks.conf"
(cd "$golden" && find . -type f -exec cksum {} + | awk '{ print $3, $1, $2 }' | sort) >"$work/golden"
picture() { (cd "$disk" && find . -type f -exec cksum {} + | sort); }

picture >"$work/before"
mount -o remount,ro "$disk"
for words in run receive 'run --wait=1'; do
    # shellcheck disable=SC2086 # words
    code timeout 20 "$NKS_BIN/nks" --home "$home" $words --now "$night"
    assert_eq "exit of nks $words in a read-only home" "$code" 6
    grep -qE 'FILE-PERMISSION|DB-PERMISSION' "$work/said" || fail "a read-only home is not told: $(cat "$work/said")"
done
mount -o remount,rw "$disk"
picture >"$work/after"
assert_same "a read-only home is as it was" "$work/before" "$work/after"

full=0
ended=
for leave in 8 16 24 32 48 64 96 128 160 192 224 256 288 320 400 512 700; do
    free=$(df -k --output=avail "$disk" | tail -n 1 | tr -d ' ')
    [ "$free" -gt "$leave" ] || continue
    head -c $(((free - leave) * 1024)) /dev/zero >"$disk/filler"
    code "$NKS_BIN/nks" --home "$home" run --now "$night"
    rm -f "$disk/filler"
    case $code in
    4) full=$((full + 1)) ;;
    0) ended=yes && break ;;
    *) fail "a disk with $leave KiB: exit $code: $(cat "$work/said")" ;;
    esac
    grep -qE 'DISK-FULL|DB-FULL' "$work/said" || fail "a full disk with $leave KiB is not told: $(cat "$work/said")"
done
checks=$((checks + 1))
[ $full -ge 3 ] || fail "the disk was full only $full times"
[ -n "$ended" ] || night_run "$home"
night_run "$home"
out_hashes "$home" >"$work/disk.out"
assert_same "out/ after a full disk" "$work/golden" "$work/disk.out"
out_signed "$home"
nothing_left "$home"
audit_clean "$home"
umount "$disk"
test_end
