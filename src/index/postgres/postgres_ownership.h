// Whose the tables of an index's names are. In a schema that other programs use there may be some called
// `images` or `meta`: what does not bear clipsim's mark is never written to and never dropped.
#pragma once

#include "postgres_tables.h"

namespace clipsim {

enum class TableOwner { nobody, clipsim, others };

// Of the two tables together; clipsim's are those with its mark, and those of earlier versions, which had
// none, by their columns.
TableOwner owner_of(PgConnection& connection, const PostgresTables& tables);
// True where they are clipsim's, false where there are none. Throws UsageError that names those of others.
bool tables_are_there(PgConnection& connection, const PostgresTables& tables);
// Throws UsageError where the sequence of ids is another program's.
void check_sequence(PgConnection& connection, const PostgresSchema& schema);

// A comment on each: `\dt+` of psql shows it.
void mark_as_clipsims(PgConnection& connection, const PostgresTables& tables);
void mark_sequence(PgConnection& connection, const PostgresSchema& schema);

}  // namespace clipsim
