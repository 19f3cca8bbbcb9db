audits-overview = 概览
audits-audits = 抽查
audits-audit = 抽查详情
audits-trouble = 因以下原因没有开封任何记录：
audits-findings-wait = 待核实的发现
audits-findings-wait-hint = 机器看到的情况，须经执法人员核实
audits-cases-open = 未结案件
audits-cases-open-hint = 已确认并通知企业
audits-newest-hint = 各行业最近一期
audits-came = 报送情况
audits-came-caption = 全量核对，没有抽样误差；比例以同一行的应有数或实收数为分母
audits-came-nothing = 尚未核对。
audits-sector = 行业
audits-period = 周期
audits-streams = 记录流
audits-stream = 记录流
audits-silent = 有漏报日的
audits-expected = 应有编号
audits-received = 实收
audits-missing = 缺失
audits-late = 迟报
audits-missing-days = 漏报日 / 应报日
audits-drawn = 最近一期抽查
audits-drawn-caption = 按企业计
audits-drawn-nothing = 尚无到达截止时刻的周期。
audits-coming = 下一次抽取
audits-coming-hint = 随机种子已事先承诺并记入公开日志，截止前谁也不能更换。
audits-coming-nothing = 目前没有已承诺的抽取。
audits-cutoff = 截止时刻
audits-commitment = 种子承诺值
audits-compliant = 未超过容许线
audits-non-compliant = 超过容许线
audits-undecided = 不能认定
audits-running = 进行中
audits-parked = 已搁置
audits-empty = 无记录
audits-state = 状态
audits-period-committed = 已承诺，等待截止
audits-period-cut = 已截止，正在开封
audits-period-closed = 已结束，种子已公开
audits-period-failed = 抽取失败
audits-days = 起止
audits-tree = 截止时的日志（大小 · 根）
audits-revealed = 公开的种子
audits-revealed-later = 本期全部抽查结束后公开
audits-none = 本期没有抽查。
audits-list-caption = 本期各企业的抽查，按名称排列
audits-holder = 企业
audits-size = 记录总数
audits-opened = 已开封或调取
audits-failing = 不合规
audits-verdict = 结论
audits-done-at = 完成时间
audits-said = 可以说的话
audits-draw = 抽取
audits-frame-hash = 清单校验值
audits-witness = 独立见证
audits-witness-none = 没有独立见证人
audits-numbers = 数字
audits-tolerable = 容许条数
audits-bounds = 不合规条数的上下限
audits-pack = 规则包
audits-findings = 发现
audits-records = 抽中的记录
audits-records-caption = 按抽取顺序。只列编号和规则，不含记录内容；箭头后是据以判断的更正记录
audits-ordinal = 次序
audits-place = 清单位置
audits-outlet = 网点
audits-number = 编号
audits-outcome = 结果
audits-why = 未遵守的规则
audits-outcome-pass = 合规
audits-outcome-fail = 不合规
audits-outcome-undecided = 规则不能判定
audits-outcome-waiting = 等待开封或披露
audits-repeat = 重复这次抽取
audits-repeat-how = 任何人都可以用下列数据和 audit-draw/1 的十行程序重算抽取顺序，并与上表逐条比对；承诺值、清单和根都在公开日志中。
audits-repeat-data = 重算所需的数据
audits-repeat-later = 种子公开后，任何人都可以重算。
audits-limit-one = 1 条
audits-limit-none = 0 条
audits-say-empty = 本期没有提交任何记录，无从抽取。
audits-say-running = 抽查尚未结束，还不能下结论。
audits-say-basis = { $mode ->
    [attested] 本期已提交校验值的记录共 { $size } 条（清单校验值 { $hash }）。按事先承诺的随机种子抽取并调取 { $opened } 条，发现不合规 { $failing } 条。
    [both] 本期已封存或已提交校验值的记录共 { $size } 条（清单校验值 { $hash }）。按事先承诺的随机种子抽取并开封或调取 { $opened } 条，发现不合规 { $failing } 条。
   *[sealed] 本期已提交并封存的记录共 { $size } 条（清单校验值 { $hash }）。按事先承诺的随机种子抽取并开封 { $opened } 条，发现不合规 { $failing } 条。
 }
audits-say-pass = 结论：本期不合规记录不超过 { $upper } 条（{ $upper-share }），未超过容许线 { $limit }。
audits-say-pass-error = 假如{ $kind ->
    [number] 真实条数
   *[share] 真实比例
}其实超过 { $limit }，这套程序误判为“未超过”的机会不大于 { $error-pass }%。
audits-say-pass-scope = 本结论只针对已提交的记录和规则包 { $pack }，不涉及未登记的人员。
audits-say-fail = 结论：本期不合规记录不少于 { $lower } 条（{ $lower-share }），已超过容许线 { $limit }。
audits-say-fail-error = 假如{ $kind ->
    [number] 真实条数
   *[share] 真实比例
}并未超过 { $limit }，误判为“超过”的机会不大于 { $error-fail }%。
audits-say-fail-then = 逐条问题见附表，处理以逐条核实为准。
audits-say-cap = { $mode ->
    [attested] 已达到调取上限 { $cap } 条，
    [both] 已达到开封或调取上限 { $cap } 条，
   *[sealed] 已达到开封上限 { $cap } 条，
 }
audits-say-undecided = 不能认定未超过，也不能认定超过。
audits-say-undecided-bounds = 目前可以说：不合规记录在 { $lower } 至 { $upper } 条之间（两端合计出错机会不大于 { $error-both }%）。
audits-say-undecided-then = { $mode ->
    [attested] 是否继续调取须经批准。
    [both] 是否继续开封或调取须经批准。
   *[sealed] 是否继续开封须经批准。
 }
audits-say-none-found = { $mode ->
    [attested] 调取 { $opened } 条，未发现不合规。未发现不等于没有。
    [both] 开封或调取 { $opened } 条，未发现不合规。未发现不等于没有。
   *[sealed] 开封 { $opened } 条，未发现不合规。未发现不等于没有。
 }
audits-say-census = 全部 { $size } 条均已检查，不合规 { $failing } 条，没有抽样误差。
audits-say-completeness = 本期编号应有 { $expected } 个，缺 { $missing } 个（编号段见附表），为全量核对，没有抽样误差。
audits-say-critical = { $mode ->
    [attested] 调取记录中有 { $critical } 条严重不合规，逐条立案核实，不因总体比例合格而免除。
    [both] 开封或调取的记录中有 { $critical } 条严重不合规，逐条立案核实，不因总体比例合格而免除。
   *[sealed] 开封记录中有 { $critical } 条严重不合规，逐条立案核实，不因总体比例合格而免除。
 }
audits-standing = 比率、得分与等级
audits-standing-hint = 全量核对，没有抽样误差；每个比率都附分母。得分不是证据，机器信号本身不扣分。
audits-score = 得分
audits-score-none = 尚无已截止的周期，因此没有得分。
audits-not-final = 尚未截止
audits-why-score = 为什么是 { $points } 分
audits-why-caption = 逐项计算
audits-rates-caption = 各周期的比率，附分子与分母
audits-rate-submitted = 上传率
audits-rate-timely = 及时率
audits-rate-continuity = 连续率
audits-rate-gap = 对账差（日结 − 实收）
audits-nil-days = 零报送
audits-exempt-days = 豁免天数（已声明停业）
audits-streams-caption = 最近周期的各登记流；外部数字取自日结
audits-totals = 外部数字
audits-delays = 迟延小时数：半数记录 / 95%
audits-why-start = 每个周期从 100 分开始。
audits-why-completeness = 完整：应有编号 { $whole } 个，缺 { $part } 个（{ $share }）；缺 10% 扣满 30 分。
audits-why-timeliness = 及时：实收 { $whole } 条，逾期 { $part } 条（{ $share }）；逾期 20% 扣满 15 分。
audits-why-proven = 内容（已证实）：最近一次检查认定 { $whole } 条中不合规不少于 { $part } 条（{ $share }）；达到 20% 扣满 35 分。
audits-why-unshown = 内容（尚未证明）：最近一次检查认定 { $whole } 条中不合规不超过 { $part } 条（{ $share }）；超过 5% 的部分最多扣 10 分。
audits-why-never = 内容（尚未证明）：还没有检查过。
audits-why-integrity = 诚信：经人员核实的问题 { $count } 项；每项扣 5 分，最多扣 10 分。
audits-why-cap-grave = 封顶：经人员核实，存在伪造、阻挠或者拒不披露。
audits-why-cap-missing-thirty = 封顶：缺号超过 30%。
audits-why-cap-non-compliant = 封顶：最近一次检查认定不合规记录超过容许线。
audits-why-cap-critical = 封顶：经人员核实，有严重不合规记录。
audits-why-cap-missing-five = 封顶：缺号超过 5%。
audits-why-cap-missing-period = 封顶：整个周期既无记录，也无零报送。
audits-why-cap-undecided = 封顶：尚无检查认定未超过容许线。
audits-why-cap-not-lately = 封顶：最近四个周期内没有检查。
audits-why-cap-short-history = 封顶：历史不足两个周期。
audits-why-points = 本周期得分（向下取整）。
audits-why-mean = 公布得分：不高于最近三个周期的平均分。
audits-why-class-a = A 级：90 分及以上；宜每六个周期检查一次。
audits-why-class-b = B 级：75 至 89 分；宜每三个周期检查一次。
audits-why-class-c = C 级：60 至 74 分；宜每个周期检查。
audits-why-class-d = D 级：60 分以下；宜每个周期检查，并实地检查。
audits-why-standing = 现行等级为 { $class }：降级立即生效，连续两次检查合格后升一级。
audits-roster = 抽查对象
audits-roster-hint = 名单、等级、原因和频次上限在截止时已记入日志，当时随机种子尚未公开。等级取本期之前最近一次得分的等级。
audits-roster-caption = 按企业名称排列；机会为本等级“抽中数 / 名单数”
audits-class = 等级
audits-chance = 机会
audits-chosen = 是否抽查
audits-chosen-why = 原因
audits-choice-waiting = 等待抽取
audits-choice-drawn = 抽中
audits-choice-not-drawn = 未抽中
audits-choice-for-cause = 有因抽查
audits-choice-cap-reached = 已达频次上限
audits-cause-drop-alarm = 与本企业以往相比，记录骤减。
audits-cause-missing-share = 应有编号 { $whole } 个，缺 { $part } 个，超过 2%。
audits-cause-confirmed-signal = 执法人员已核实一项异常信号。
audits-cap-why = 本年度各部门合计已抽查 { $count } 次。
audits-visit = D 级：另须现场检查。
audits-year-count = 本年度各部门合计抽查 { $count } 次。
audits-year-cap = 上限 { $cap } 次
audits-regional = 不合规记录比例估计
audits-regional-interval = 95% 区间：{ $low } 至 { $high }
audits-regional-of = 针对抽取名单上 { $listed } 家企业提交的 { $records } 条记录。
audits-regional-from = 依据抽中的 { $chosen } 家企业各自最先抽取的 20 条记录估计；有因抽查或已达频次上限的 { $outside } 家不在其内。
audits-repaired = 截止后更正为
audits-corrected = 更正率
audits-outside-gap = 外部数字 − 记录
audits-damaged = 存储的数据已损坏，无法读取
audits-signals = 线索：去哪里看
audits-signals-link = 机器信号，只提示检查方向，不扣分
audits-signals-hint = 以下只提示去哪里看。信号不是发现，不扣分，不影响等级，不指向任何个人；每一项都可能有正当原因，须到现场或者向企业了解。
audits-signals-none = 没有信号。
audits-signals-caption = 按周期从新到旧
audits-signal = 信号和可能的正当原因
audits-signal-chance = 纯属巧合的机会不大于百万分之 { $chance }。
audits-signal-end-of-period = 应在更早提交的 { $whole } 条记录中，有 { $part } 条集中在周期最后二十分之一的时间或其后提交。
audits-signal-end-of-period-caution = 可能的原因：网点离线、由会计统一报送、故障后补传。请对照约定的报送方式。
audits-signal-repeated-week = 有一周 { $part } 个营业日的每日记录数与另一周完全相同（共比较 { $whole } 个营业日）。
audits-signal-repeated-week-caution = 可能的原因：每周固定的团队或者预约；记录很少时巧合常见，机会已事先计算。
audits-signal-round-counts = { $part } 个有记录的营业日，每日记录数都是 5 的倍数。
audits-signal-round-counts-caution = 可能的原因：按五人、十人成团，成套销售。
audits-signal-copied-outlet = 与“{ $other }”在 { $part } 个营业日的每日记录数完全相同。
audits-signal-copied-outlet-caution = 可能的原因：柜台联网、一本登记簿用于两个网点；数目很小时巧合常见，机会已事先计算。
audits-signal-clock = { $whole } 批中有 { $part } 批的封存时间早于批内最后一次业务，或者倒退了十分钟以上。
audits-signal-clock-caution = 可能的原因：时钟不准、国外夏令时、上传次序不同。
audits-signal-reused-salt = 已开封的 { $whole } 条记录中，有 { $part } 条与同一记录流的另一条使用了相同的随机盐。
audits-signal-reused-salt-caution = 可能的原因：软件的随机数有缺陷。无论何种原因，校验值的保密性都因此降低，应当修正。
