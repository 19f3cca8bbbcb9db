audits-overview = Overview
audits-audits = Audits
audits-audit = Audit
audits-trouble = Nothing was opened, because:
audits-findings-wait = Findings to verify
audits-findings-wait-hint = What the machine saw; an officer has to verify it
audits-cases-open = Open cases
audits-cases-open-hint = Confirmed, and the business has been told
audits-newest-hint = Newest period of each trade
audits-came = What was submitted
audits-came-caption = A full count without sampling error; shares are of what should exist, or of what was received
audits-came-nothing = Nothing has been checked yet.
audits-sector = Trade
audits-period = Period
audits-streams = Streams
audits-stream = Stream
audits-silent = With silent days
audits-expected = Should exist
audits-received = Received
audits-missing = Missing
audits-late = Late
audits-missing-days = Silent days / due days
audits-drawn = Newest audits
audits-drawn-caption = Counted by business
audits-drawn-nothing = No period has reached its cutoff yet.
audits-coming = The next draw
audits-coming-hint = The seed was committed to in the public log; nobody can exchange it before the cutoff.
audits-coming-nothing = No draw is committed to at present.
audits-cutoff = Cutoff
audits-commitment = Commitment to the seed
audits-compliant = Within the limit
audits-non-compliant = Above the limit
audits-undecided = Undecided
audits-running = Running
audits-parked = Parked
audits-empty = No records
audits-state = State
audits-period-committed = Committed, waiting for the cutoff
audits-period-cut = Cut off, being opened
audits-period-closed = Ended, the seed is public
audits-period-failed = The draw failed
audits-days = From – to
audits-tree = Log at the cutoff (size · root)
audits-revealed = Revealed nonce
audits-revealed-later = revealed when all audits of the period have ended
audits-none = There are no audits for this period.
audits-list-caption = Audits of this period, by name of the business
audits-holder = Business
audits-size = Records
audits-opened = Opened or disclosed
audits-failing = Failing
audits-verdict = Verdict
audits-done-at = Ended
audits-said = What may be said
audits-draw = The draw
audits-frame-hash = List digest
audits-witness = Independent witness
audits-witness-none = no independent witness
audits-numbers = Numbers
audits-tolerable = Tolerable records
audits-bounds = Bounds of failing records
audits-pack = Rule pack
audits-findings = Findings
audits-records = Drawn records
audits-records-caption = In draw order. Numbers and rules only, no content; behind the arrow stands the correction that was judged
audits-ordinal = Order
audits-place = Place in the list
audits-outlet = Outlet
audits-number = Number
audits-outcome = Outcome
audits-why = Rules not kept
audits-outcome-pass = passes
audits-outcome-fail = fails
audits-outcome-undecided = rules cannot decide
audits-outcome-waiting = to be opened or disclosed
audits-repeat = Repeat this draw
audits-repeat-how = With the data below and the ten lines of audit-draw/1 anyone can recompute the order and compare it with the table; commitment, list and root are in the public log.
audits-repeat-data = The data it takes
audits-repeat-later = Once the nonce is revealed, anyone can recompute the draw.
audits-limit-one = one record
audits-limit-none = no record
audits-say-empty = No records were submitted for this period, so there is nothing to draw from.
audits-say-running = The audit has not ended; nothing can be concluded yet.
audits-say-basis = { $mode ->
    [attested] The digests of { $size } records were submitted for this period (list digest { $hash }). { $opened } were drawn with a seed committed in advance and disclosed; { $failing } failed.
    [both] { $size } records were submitted for this period, sealed or as digests (list digest { $hash }). { $opened } were drawn with a seed committed in advance and opened or disclosed; { $failing } failed.
   *[sealed] { $size } records were submitted and sealed for this period (list digest { $hash }). { $opened } were drawn with a seed committed in advance and opened; { $failing } failed.
 }
audits-say-pass = Conclusion: at most { $upper } records ({ $upper-share }) fail, which is within the limit of { $limit }.
audits-say-pass-error = If the true { $kind ->
    [number] number
   *[share] share
} were above { $limit }, this procedure would wrongly say "within" at most { $error-pass ->
    [1] 1 time
   *[other] { $error-pass } times
} in 100.
audits-say-pass-scope = It covers submitted records and rule pack { $pack } only, not people who were never recorded.
audits-say-fail = Conclusion: at least { $lower } records ({ $lower-share }) fail, which is above the limit of { $limit }.
audits-say-fail-error = If the true { $kind ->
    [number] number
   *[share] share
} were within { $limit }, this procedure would wrongly say "above" at most { $error-fail ->
    [1] 1 time
   *[other] { $error-fail } times
} in 100.
audits-say-fail-then = Each failing record is listed; action rests on each verified record.
audits-say-cap = { $mode ->
    [attested] The limit of { $cap } disclosures was reached.
    [both] The limit of { $cap } openings and disclosures was reached.
   *[sealed] The limit of { $cap } openings was reached.
 }
audits-say-undecided = Neither "within" nor "above" can be concluded.
audits-say-undecided-bounds = What can be said: between { $lower } and { $upper } records fail (both ends together err at most { $error-both ->
    [1] 1 time
   *[other] { $error-both } times
} in 100).
audits-say-undecided-then = { $mode ->
    [attested] Further disclosures need approval.
    [both] Further openings and disclosures need approval.
   *[sealed] Further openings need approval.
 }
audits-say-none-found = { $mode ->
    [attested] { $opened } disclosed, none failed. None found does not mean none exist.
    [both] { $opened } opened or disclosed, none failed. None found does not mean none exist.
   *[sealed] { $opened } opened, none failed. None found does not mean none exist.
 }
audits-say-census = All { $size } records were checked; { $failing } fail; there is no sampling error.
audits-say-completeness = { $expected } numbers should exist; { $missing } are missing (ranges listed). This is a full count without sampling error.
audits-say-critical = { $critical ->
    [one] { $critical } { $mode ->
        [attested] disclosed
        [both] opened or disclosed
       *[sealed] opened
     } record has a critical failure; it is
   *[other] { $critical } { $mode ->
        [attested] disclosed
        [both] opened or disclosed
       *[sealed] opened
     } records have a critical failure; each is
} followed up regardless of the overall conclusion.
audits-standing = Rates, score and class
audits-standing-hint = Full counts without sampling error, each share with its denominator. A score is not evidence, and no signal of a machine deducts by itself.
audits-score = Score
audits-score-none = No period is final yet, so there is no score.
audits-not-final = not final
audits-why-score = Why { $points }
audits-why-caption = The reckoning line by line
audits-rates-caption = Rates by period: a share, with what it is of
audits-rate-submitted = Submitted
audits-rate-timely = In time
audits-rate-continuity = Continuous
audits-rate-refused = Refused submissions
audits-rate-gap = Declared − received
audits-nil-days = Nil returns
audits-exempt-days = Exempt days (declared closed)
audits-streams-caption = Streams in the newest period; the figures from outside the register are those of the day closes
audits-totals = Outside figures
audits-delays = Delay in hours: half of the records / 95 %
audits-why-start = Every period starts with 100 points.
audits-why-completeness = Completeness: { $part } of { $whole } numbers that should exist are missing ({ $share }); 10 % missing costs all 30 points.
audits-why-timeliness = Timeliness: { $part } of { $whole } received records came after their deadline ({ $share }); 20 % late costs all 15 points.
audits-why-proven = Content, proven: by the latest audit at least { $part } of { $whole } records fail ({ $share }); 20 % costs all 35 points.
audits-why-unshown = Content, not yet shown: by the latest audit at most { $part } of { $whole } records fail ({ $share }); above 5 % this costs up to 10 points.
audits-why-never = Content, not yet shown: there has been no audit yet.
audits-why-integrity = Integrity: { $count } findings that an officer confirmed; each costs 5 points, 10 at most.
audits-why-cap-grave = Capped: an officer confirmed fabrication, obstruction or a withheld disclosure.
audits-why-cap-missing-thirty = Capped: more than 30 % of the numbers are missing.
audits-why-cap-non-compliant = Capped: in the latest audit more records fail than are tolerable.
audits-why-cap-critical = Capped: an officer confirmed a critical record.
audits-why-cap-missing-five = Capped: more than 5 % of the numbers are missing.
audits-why-cap-missing-period = Capped: there are neither records nor a nil return for the whole period.
audits-why-cap-undecided = Capped: no audit has yet concluded that the limit is kept.
audits-why-cap-not-lately = Capped: there was no audit in the last four periods.
audits-why-cap-short-history = Capped: there are fewer than two periods of history.
audits-why-points = Points of this period, rounded down.
audits-why-mean = Published: not more than the mean of the last three periods.
audits-why-class-a = Class A: 90 points and above; meant for an audit in one period of six.
audits-why-class-b = Class B: 75 to 89 points; meant for an audit in one period of three.
audits-why-class-c = Class C: 60 to 74 points; meant for an audit every period.
audits-why-class-d = Class D: below 60 points; meant for an audit every period, and a visit.
audits-why-standing = The class in force is { $class }: it falls at once and rises by one class after two audits in a row.
audits-roster = Who is audited
audits-roster-hint = The list, its classes, causes and caps were logged at the cutoff, before the secret was known. The class is that of the last score before the period.
audits-roster-caption = By name of the business; the chance is of its class: drawn / listed
audits-class = Class
audits-chance = Chance
audits-chosen = Audited?
audits-chosen-why = Why
audits-choice-waiting = waiting for the draw
audits-choice-drawn = drawn
audits-choice-not-drawn = not drawn
audits-choice-for-cause = for cause
audits-choice-cap-reached = cap reached
audits-pool = Pool of { $count } small businesses
audits-in-pool = audited in a pool
audits-pooled = Audited together
audits-pooled-hint = Businesses with few records are audited as one. The conclusion is about all of them together; a failing record is the case of the business whose it is.
audits-pooled-caption = The businesses of this pool and their records in the frame
audits-say-pooled = This conclusion is about the { $count } holders of the pool of small businesses in { $trade } together and says nothing about any one of them.
audits-cause-drop-alarm = Sudden drop against its own days of before.
audits-cause-missing-share = { $part } of { $whole } numbers are missing, more than 2 %.
audits-cause-confirmed-signal = An officer confirmed a signal.
audits-cap-why = Audited { $count } times in this calendar year, over all departments.
audits-visit = Class D: to be visited besides.
audits-year-count = Audits in this calendar year, over all departments: { $count }.
audits-year-cap = at most { $cap }
audits-regional = Estimated share of failing records
audits-regional-interval = 95 % between { $low } and { $high }
audits-regional-of = Of the { $records } records that the { $listed } businesses on the list of the draw submitted.
audits-regional-from = Estimated from the first 20 drawn records of each of the { $chosen } businesses that were drawn; { $outside } that were audited for cause or left out at the cap are not in it.
audits-repaired = corrected after the cutoff by
audits-corrected = Correction rate
audits-outside-gap = Outside figures − records
audits-damaged = What is stored here is damaged and cannot be read
audits-signals = Signals: where to look
audits-signals-link = machine signals choose where to look and deduct nothing
audits-signals-hint = These say only where to look. A signal is no finding, deducts nothing, changes no class and points at nobody. Each may have a good reason: ask the business, or visit it.
audits-signals-none = There are no signals.
audits-signals-caption = Newest periods first
audits-signal-made = What an officer made of it
audits-signal-confirmed = confirmed
audits-signal-dismissed = dismissed
audits-signal-confirm = Confirm
audits-signal-dismiss = Dismiss
audits-signal-reason = Reason
audits-signal-confirm-hint = What was asked or seen, and why it stays unexplained. The next audit of this business is then for cause; nothing is deducted.
audits-signal-dismiss-hint = What explains it.
audits-signal-typed = Your words were:
audits-fault-reason-missing = A reason is missing.
audits-fault-reason-unfit = A reason has at most 1,000 characters and no control characters.
audits-fault-decided = Somebody has decided this signal meanwhile; nothing was changed.
audits-signal = Signal, and what may be behind it
audits-signal-chance = Chance alone does this at most { $chance } times in a million.
audits-signal-end-of-period = Of { $whole } records that could have come earlier, { $part } were submitted in the last twentieth of the period or after it.
audits-signal-end-of-period-caution = Possible reasons: an offline outlet, an accountant who sends everything, a backlog after an outage. Compare with the agreed way of submitting.
audits-signal-repeated-week = The daily counts of { $part } open days of a week came again in another week ({ $whole } open days were compared).
audits-signal-repeated-week-caution = Possible reasons: tours or bookings that come every week. Small counts repeat by chance; the chance was computed first.
audits-signal-round-counts = On { $part } open days with records every daily count is a multiple of 5.
audits-signal-round-counts-caution = Possible reasons: groups of five or ten, sales by the package.
audits-signal-copied-outlet = On { $part } open days the daily counts are the same as at “{ $other }”.
audits-signal-copied-outlet-caution = Possible reasons: linked counters, one register for two outlets. Tiny counts agree by chance; the chance was computed first.
audits-signal-clock = Of { $whole } batches { $part } were sealed before their last event, or ten minutes or more before an earlier batch.
audits-signal-clock-caution = Possible reasons: a wrong clock, daylight saving abroad, an upload in another order.
audits-signal-reused-salt = Of { $whole } opened records { $part } have the same random salt as another record of their stream.
audits-signal-reused-salt-caution = Possible reason: a faulty random generator in the software. Whatever the reason, the digests hide less, and it should be mended.
audits-holder-page = Business
audits-holder-chance = class in force { $class }, chance of an audit in a period { $chance }
audits-holder-periods = The last 12 periods; each share with what it is of
audits-holder-standing = All rates, figures of the streams, and signals
audits-days-calendar = Submissions day by day
audits-days-pages = Streams
audits-weekday = Weekday
audits-weekday-0 = Mon
audits-weekday-1 = Tue
audits-weekday-2 = Wed
audits-weekday-3 = Thu
audits-weekday-4 = Fri
audits-weekday-5 = Sat
audits-weekday-6 = Sun
audits-day-received = received in time
audits-day-received-letter = R
audits-day-late = late
audits-day-late-letter = L
audits-day-missing = missing
audits-day-missing-letter = M
audits-day-nil = nil return
audits-day-nil-letter = N
audits-day-closed = declared closed or out of order
audits-day-closed-letter = C
audits-day-waiting = not due yet
audits-day-waiting-letter = W
audits-day-rest = no day of business
audits-verdicts = Verdicts of audits
audits-verdicts-hint = Each bar is the range of the failing share that an audit found; the dashed line is the limit. Failing divided by opened is biased where an audit stops early, so no point is drawn.
audits-verdicts-caption = Oldest first; in brackets the share of all records
audits-verdicts-none = No audit has ended yet.
audits-lower = Fail at least
audits-upper = Fail at most
audits-walk = How the verdict was reached
audits-walk-hint = Across: records opened or disclosed. Upwards: failing ones. Where the walk meets the lower line, "within the limit" may be concluded; where it meets the upper line, "above the limit".
audits-walk-passes = within-line
audits-walk-fails = above-line
audits-walk-walk = the walk
audits-walk-table = As a table
audits-walk-caption = The steps at which a record failed or a line moved, and the last one
audits-first = Look at these first
audits-first-parked = audits are parked and cannot go on
audits-first-critical = critical findings are not decided yet
audits-first-overdue = cases are overdue
audits-first-paper = documents could not be delivered by mail and need paper
audits-first-major = major findings are not decided yet
audits-district = District
audits-trends-sectors = Trades over time
audits-trends-districts = Districts over time
audits-trends-caption = The last 12 periods, oldest to newest, with the newest figure; districts by month
audits-trends-span = From – to
audits-trends-missing = Share missing
audits-trends-late = Share late
audits-trends-above = Above the limit / ended
audits-oversight = Oversight
audits-tallied = Added up at { $time }, every hour.
audits-tallied-never = Not added up yet; this happens every hour.
audits-decisions = Confirmed and dismissed
audits-decisions-none = Nothing was decided within a year.
audits-decisions-caption = The last year; "overridden" were dismissed although the machine weighed them major or critical
audits-officer = Officer
audits-decided = Decided
audits-dismissed = Dismissed
audits-overridden = Overridden
audits-medians = Time to a decision
audits-medians-caption = Hours from a finding to its decision, median
audits-median-hours = Hours
audits-overdue = Overdue cases of the organ
audits-overdue-none = There are no cases.
audits-overdue-caption = By trade and district
audits-cases = Cases
audits-cases-overdue = Overdue
audits-cases-paper = Needing paper
audits-caps = How often businesses are audited
audits-caps-none = No audits this year.
audits-caps-spread = { $holders } businesses { $audits } times
audits-caps-caption = The 200 businesses that the department audited most often this year
audits-caps-used = This year
audits-caps-cap = Cap a year
audits-log = Who did what
audits-log-hint = Read from the public log, each line with its number there. The log calls people by pseudonyms; only a lead sees the names of the own department's officers.
audits-log-kind = Kind
audits-log-day = Day
audits-log-case = Id of a case
audits-log-none = There is nothing.
audits-log-caption = Newest first
audits-log-leaf = Leaf
audits-log-at = Time
audits-log-who = Who
audits-log-what = What
audits-log-about = About
audits-log-the-case = Case
audits-log-the-finding = Finding
audits-deed-finding-confirmed = confirmed a finding
audits-deed-finding-dismissed = dismissed a finding
audits-deed-case-state = moved a case
audits-deed-notice-queued = issued a letter
audits-deed-notice-result = outcome of a letter
audits-deed-reply = replied
audits-deed-assignment = assigned officers to a check
audits-deed-recusal = stepped back from a check
audits-deed-role-changed = changed a person or role
audits-deed-client-changed = changed a business system
audits-deed-export = exported or published
audits-publications = Publication
audits-publications-hint = Results of drawn audits are proposed when their period has ended, and published once a lead approves. Audits for cause are not among them.
audits-publications-none = There is no such result.
audits-publications-caption = Those due first
audits-public-proposed = Proposed
audits-public-published = Published
audits-public-withdrawn = Withdrawn
audits-public-name = Public name
audits-public-due = Due
audits-public-left = { $days ->
    [one] 1 working day left
   *[other] { $days } working days left
 }
audits-public-decide = Decide
audits-public-publish = Publish
audits-public-withdraw = Withdraw
audits-public-cause = Why
audits-withdrawal-revoked = what it rests on was revoked
audits-withdrawal-corrected = the result was corrected
audits-withdrawal-mistaken = published by mistake, or said too much
audits-withdrawal-expired = its time is over
audits-public = Published results of drawn audits
audits-public-link = The public page
audits-public-hint = Businesses are drawn with a public seed committed to in advance; anybody can recompute the draw. Of a natural person's name only the first character is shown. None found does not mean none exist.
audits-public-clock = Results are published within { $days } working days after the audit has ended; one that is withdrawn stays listed as such, without its content.
audits-public-none = Nothing has been published yet.
audits-public-caption = Newest first
audits-public-at = Published
audits-open-cases = Open cases
audits-open-cases-none = There are no open cases.
audits-education = Education records
audits-education-none = No advice, and nothing that ended without a penalty.
audits-newest-first = Newest first
audits-for-leads = For leads
