check-total = { $records ->
    [one] 1 record
   *[other] { $records } records
 } checked: { $failing } fail, { $problems ->
    [one] 1 problem
   *[other] { $problems } problems
 }.
check-undecided = Of { $undecided } the pack cannot tell.
check-severity-advice = advice
check-severity-minor = minor
check-severity-major = major
check-severity-critical = critical
