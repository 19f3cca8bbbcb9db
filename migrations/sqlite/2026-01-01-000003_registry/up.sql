-- Departments that supervise duty holders.
CREATE TABLE registry_departments (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  code TEXT NOT NULL UNIQUE,
  name_zh TEXT NOT NULL,
  name_en TEXT NOT NULL,
  organ TEXT NOT NULL,
  email BLOB NOT NULL
) STRICT;

-- Where each department is competent; no two are for the same trade and place.
CREATE TABLE registry_scopes (
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  department_id BLOB NOT NULL REFERENCES registry_departments (id),
  PRIMARY KEY (sector, district)
) STRICT;

CREATE TABLE registry_holders (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN ('organisation', 'natural_person')),
  name TEXT NOT NULL,
  uscc TEXT,
  district TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'closed'))
) STRICT;

CREATE TABLE registry_outlets (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  holder_id BLOB NOT NULL REFERENCES registry_holders (id),
  name TEXT NOT NULL,
  district TEXT NOT NULL,
  address TEXT
) STRICT;
CREATE INDEX registry_outlets_by_holder ON registry_outlets (holder_id);

-- Numbered series of records. department_id follows from the scopes and is set anew with every
-- import; open_weekdays has a bit per day, Monday the lowest.
CREATE TABLE registry_streams (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  outlet_id BLOB NOT NULL REFERENCES registry_outlets (id),
  department_id BLOB REFERENCES registry_departments (id),
  sector TEXT NOT NULL,
  subtype TEXT,
  modes TEXT NOT NULL CHECK (modes IN ('sealed', 'attested', 'sealed attested')),
  opened_on TEXT NOT NULL,
  closed_on TEXT,
  open_weekdays INTEGER NOT NULL CHECK (open_weekdays BETWEEN 1 AND 127)
) STRICT;
CREATE INDEX registry_streams_by_outlet ON registry_streams (outlet_id);
CREATE INDEX registry_streams_by_department ON registry_streams (department_id, sector);

-- People of a duty holder who get its letters, in the order of its list.
CREATE TABLE registry_contacts (
  holder_id BLOB NOT NULL REFERENCES registry_holders (id),
  position INTEGER NOT NULL,
  name BLOB NOT NULL,
  email BLOB NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('zh-CN', 'en')),
  PRIMARY KEY (holder_id, position)
) STRICT, WITHOUT ROWID;

-- person_id is a person of identity; sectors are the trades of the certificate, between spaces.
CREATE TABLE registry_officers (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  person_id BLOB NOT NULL UNIQUE CHECK (length(person_id) = 16),
  department_id BLOB NOT NULL REFERENCES registry_departments (id),
  name TEXT NOT NULL,
  certificate_no TEXT NOT NULL UNIQUE,
  certificate_until TEXT NOT NULL,
  sectors TEXT NOT NULL,
  email BLOB NOT NULL,
  lead INTEGER NOT NULL CHECK (lead IN (0, 1))
) STRICT;
CREATE INDEX registry_officers_by_department ON registry_officers (department_id);

CREATE TABLE registry_conflicts (
  officer_id BLOB NOT NULL REFERENCES registry_officers (id),
  holder_id BLOB NOT NULL REFERENCES registry_holders (id),
  PRIMARY KEY (officer_id, holder_id)
) STRICT, WITHOUT ROWID;

-- How a department audits a trade. Periods are months, or spans of span_days from span_from on;
-- leaf_id is the plan_changed leaf with these parameters.
CREATE TABLE registry_plans (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  department_id BLOB NOT NULL REFERENCES registry_departments (id),
  sector TEXT NOT NULL,
  span_days INTEGER,
  span_from TEXT,
  cutoff_hours INTEGER NOT NULL,
  p0_per_mille INTEGER NOT NULL,
  alpha_pass_ppm INTEGER NOT NULL,
  alpha_fail_ppm INTEGER NOT NULL,
  cap INTEGER NOT NULL,
  first_block INTEGER NOT NULL,
  block INTEGER NOT NULL,
  holders_per_period INTEGER,
  close_due_hours INTEGER NOT NULL,
  contributors INTEGER NOT NULL,
  leaf_id BLOB NOT NULL CHECK (length(leaf_id) = 16),
  UNIQUE (department_id, sector),
  CHECK ((span_days IS NULL) = (span_from IS NULL))
) STRICT;

-- Which rule pack is in force for a trade from a day on, until the next row's day.
CREATE TABLE registry_packs (
  sector TEXT NOT NULL,
  from_day TEXT NOT NULL,
  pack TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  leaf_id BLOB NOT NULL CHECK (length(leaf_id) = 16),
  PRIMARY KEY (sector, from_day)
) STRICT;
