//! Rule packs and the legal-basis catalogue: law as data.
