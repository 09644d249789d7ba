#!/bin/sh
# SPDX-License-Identifier: MIT
# models.sh SOURCE-DIRECTORY: explore every model, and show that each can fail. Works in ./models.out.
dir=$(cd "$1" && pwd) && mkdir -p models.out && cd models.out || exit 1
: "${SPIN:=spin}" "${CC:=cc}"
command -v "$SPIN" >/dev/null || { echo "check-models: no spin: install it (Debian: apt-get install spin), or set SPIN" >&2; exit 1; }
command -v "${CC%% *}" >/dev/null || { echo "check-models: no C compiler ($CC): spin's verifiers need one; set CC" >&2; exit 1; }
bad=0

# explore MODEL "SPIN FLAGS" "COMPILER FLAGS" "RUN FLAGS": leaves the outcome in ./out
explore()
{
	rm -f pan pan.* out *.trail
	# shellcheck disable=SC2086
	{ "$SPIN" -a $2 "$dir/$1.pml" && $CC -O2 -w -DMEMLIM=3800 -DVECTORSZ=512 $3 -o pan pan.c; } >build.log 2>&1 ||
		{ cat build.log; exit 1; }
	# shellcheck disable=SC2086
	./pan -m1000000 $4 >out 2>&1
}

report()	# TEXT EXPECTED-ERRORS
{
	errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' out)
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' out)
	if [ "$2" = 0 ]; then
		echo "$1: $states states, errors: ${errors:-?}"
		[ "$errors" = 0 ] && ! grep -q 'not completed\|max search depth too small\|reached -DMEMLIM' out && return
	else
		[ "${errors:-0}" -gt 0 ] && { echo "$1: found after $states states"; return; }
		echo "$1: NOT FOUND"
	fi
	grep -a '^pan:\|error:' out
	bad=1
}

while read -r kind model flags; do
	case $kind in
	"#")	;;
	safe)	explore "$model" "$flags" "-DSAFETY" ""; report "$model $flags" 0 ;;
	large)	explore "$model" "$flags" "-DSAFETY -DCOLLAPSE" ""; report "$model $flags" 0 ;;
	live)	explore "$model" "$flags" "-DNFAIR=4" "-a -f"; report "$model $flags, weakly fair" 0 ;;
	fails)	explore "$model" "$flags" "-DSAFETY" ""; report "$model $flags: mutation" 1 ;;
	esac
done <"$dir/runs"
cd .. && [ $bad = 0 ] && rm -r models.out && echo "check-models: all as expected"
