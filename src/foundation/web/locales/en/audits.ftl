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
