check-total = 共检查 { $records } 条记录：{ $failing } 条不合格，{ $problems } 处问题。
check-undecided = 有 { $undecided } 条记录无法判定。
check-severity-advice = 提示
check-severity-minor = 轻微
check-severity-major = 较重
check-severity-critical = 严重
