/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite: a large library, on a file with locks and a journal. */
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

static sqlite3* db;
static int print_row(void* unused, int n, char** values, char** names) {
    for (int i = 0; i < n; i++) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
    puts("");
    return 0;
}
static void run(const char* statement) {
    char* error = 0;
    if (sqlite3_exec(db, statement, print_row, 0, &error)) printf("error: %s\n", error);
}

int main(void) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/stile-%d.db", getpid());
    if (sqlite3_open(path, &db)) return printf("cannot open: %s\n", sqlite3_errmsg(db)), 1;
    run("create table t(id integer primary key, name text, x real)");
    run("begin; with recursive c(n) as (select 1 union all select n + 1 from c where n < 1000) "
        "insert into t select n, printf('name%04d', n * 7919 % 2000), n / 7.0 from c; commit");
    run("create index i on t(name)");
    run("select count(*), sum(id), round(avg(x), 6), min(name), max(name) from t");
    run("select * from t where name like 'name00%' order by name desc limit 3");
    run("select id % 7 as k, count(*), group_concat(name) from t where id < 30 group by k having count(*) > "
        "3");
    run("update t set x = x * 2 where id % 3 = 0; delete from t where id > 700; select count(*), total(x) "
        "from t");
    run("begin; delete from t; rollback; select count(*) from t");
    run("select date('2024-02-29', '+1 year'), upper('abc'), 1e300 * 1e10, 7 / 2, -7 % 3, sqrt(2)");
    run("not a statement");
    run("pragma integrity_check");
    sqlite3_close(db);
    return unlink(path);
}
