#ifndef NKS_CMD_CHECK_H
#define NKS_CMD_CHECK_H
/* check.c finds what is wrong in files; check_night.c also gives the answers that a night would send. Both present
 * findings and files alike. The fields of the rows are described in doc/check.md. */
#include "nks.h"

#include "stage/check.h"

struct checking {
    struct nks_app *app;
    struct table *findings, *files;
    char name[NKS_NAME_MAX]; /* of the file at hand, as it may be shown */
    int64_t shown;
    bool silent; /* standard output belongs to the answers */
};
void checking_begin(struct checking *checking, struct nks_app *app, bool silent);
void checking_end(struct checking *checking);
/* The name by which a file is called; "standard input" for "-". */
void checking_name(struct checking *checking, const char *path);
/* For nks_check_file and nks_rehearsal_file; the context is a struct checking. */
enum nks_status checking_finding(void *context, const struct nks_check_finding *finding, struct nks_fault *fault);
/* Presents the file; gives the exit code. */
int checking_verdict(struct checking *checking, const struct nks_check_result *result);

/* check --agreement */
int check_night(struct nks_app *app);

#endif
