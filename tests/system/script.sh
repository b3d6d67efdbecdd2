# A script for both shells: functions, traps, arithmetic, here-documents, case, loops.
set -u
count=0
trap 'echo "exit trap: $count"' EXIT
trap 'count=$((count + 100))' USR1
step1() {
    local n=$1
    count=$((count + 1))
    case $((n % 3)) in
    0) echo "step 1: $n divides" ;;
    *) echo "step 1: $n leaves $((n % 3))" ;;
    esac
}
step2() {
    local n=$1
    count=$((count + 2))
    case $((n % 4)) in
    0) echo "step 2: $n divides" ;;
    *) echo "step 2: $n leaves $((n % 4))" ;;
    esac
}
step3() {
    local n=$1
    count=$((count + 3))
    case $((n % 5)) in
    0) echo "step 3: $n divides" ;;
    *) echo "step 3: $n leaves $((n % 5))" ;;
    esac
}
step4() {
    local n=$1
    count=$((count + 4))
    case $((n % 2)) in
    0) echo "step 4: $n divides" ;;
    *) echo "step 4: $n leaves $((n % 2))" ;;
    esac
}
step5() {
    local n=$1
    count=$((count + 5))
    case $((n % 3)) in
    0) echo "step 5: $n divides" ;;
    *) echo "step 5: $n leaves $((n % 3))" ;;
    esac
}
step6() {
    local n=$1
    count=$((count + 6))
    case $((n % 4)) in
    0) echo "step 6: $n divides" ;;
    *) echo "step 6: $n leaves $((n % 4))" ;;
    esac
}
step7() {
    local n=$1
    count=$((count + 7))
    case $((n % 5)) in
    0) echo "step 7: $n divides" ;;
    *) echo "step 7: $n leaves $((n % 5))" ;;
    esac
}
step8() {
    local n=$1
    count=$((count + 8))
    case $((n % 2)) in
    0) echo "step 8: $n divides" ;;
    *) echo "step 8: $n leaves $((n % 2))" ;;
    esac
}
step9() {
    local n=$1
    count=$((count + 9))
    case $((n % 3)) in
    0) echo "step 9: $n divides" ;;
    *) echo "step 9: $n leaves $((n % 3))" ;;
    esac
}
step10() {
    local n=$1
    count=$((count + 10))
    case $((n % 4)) in
    0) echo "step 10: $n divides" ;;
    *) echo "step 10: $n leaves $((n % 4))" ;;
    esac
}
step11() {
    local n=$1
    count=$((count + 11))
    case $((n % 5)) in
    0) echo "step 11: $n divides" ;;
    *) echo "step 11: $n leaves $((n % 5))" ;;
    esac
}
step12() {
    local n=$1
    count=$((count + 12))
    case $((n % 2)) in
    0) echo "step 12: $n divides" ;;
    *) echo "step 12: $n leaves $((n % 2))" ;;
    esac
}
step13() {
    local n=$1
    count=$((count + 13))
    case $((n % 3)) in
    0) echo "step 13: $n divides" ;;
    *) echo "step 13: $n leaves $((n % 3))" ;;
    esac
}
step14() {
    local n=$1
    count=$((count + 14))
    case $((n % 4)) in
    0) echo "step 14: $n divides" ;;
    *) echo "step 14: $n leaves $((n % 4))" ;;
    esac
}
step15() {
    local n=$1
    count=$((count + 15))
    case $((n % 5)) in
    0) echo "step 15: $n divides" ;;
    *) echo "step 15: $n leaves $((n % 5))" ;;
    esac
}
step16() {
    local n=$1
    count=$((count + 16))
    case $((n % 2)) in
    0) echo "step 16: $n divides" ;;
    *) echo "step 16: $n leaves $((n % 2))" ;;
    esac
}
step17() {
    local n=$1
    count=$((count + 17))
    case $((n % 3)) in
    0) echo "step 17: $n divides" ;;
    *) echo "step 17: $n leaves $((n % 3))" ;;
    esac
}
step18() {
    local n=$1
    count=$((count + 18))
    case $((n % 4)) in
    0) echo "step 18: $n divides" ;;
    *) echo "step 18: $n leaves $((n % 4))" ;;
    esac
}
step19() {
    local n=$1
    count=$((count + 19))
    case $((n % 5)) in
    0) echo "step 19: $n divides" ;;
    *) echo "step 19: $n leaves $((n % 5))" ;;
    esac
}
step20() {
    local n=$1
    count=$((count + 20))
    case $((n % 2)) in
    0) echo "step 20: $n divides" ;;
    *) echo "step 20: $n leaves $((n % 2))" ;;
    esac
}
for n in 7 12; do
    step1 "$n"
    step2 "$n"
    step3 "$n"
    step4 "$n"
    step5 "$n"
    step6 "$n"
    step7 "$n"
    step8 "$n"
    step9 "$n"
    step10 "$n"
    step11 "$n"
    step12 "$n"
    step13 "$n"
    step14 "$n"
    step15 "$n"
    step16 "$n"
    step17 "$n"
    step18 "$n"
    step19 "$n"
    step20 "$n"
done
fib() {
    if [ "$1" -lt 2 ]; then
        echo "$1"
    else
        echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2)))))
    fi
}
echo "fib 10 is $(fib 10)"
kill -USR1 $$
echo "after the signal: $count"
(
    trap 'echo "inner trap"' EXIT
    exit 3
)
echo "inner status $?"
while read -r a b; do
    echo "$b-$a"
done <<END
1 one
2 two
3 three
END
i=0
until [ $i -ge 5 ]; do
    i=$((i + 1))
    [ $i -eq 3 ] && continue
    printf "%s " "$i"
done
echo
text="the quick brown fox"
set -- $text
echo "$# words, last ${4}, ${#text} characters, ${text%% *} ${text##* }"
seq 5 | while read -r x; do
    echo $((x * x))
done | sort -rn | head -3
true && echo yes || echo no
false && echo yes || echo no
exit 0
