/* The words of reports besides those of the reasons (iso20022/reason.def), in English and Danish. */
#include "stage/report.h"

#include <string.h>

enum { REASON_NUMBERS = 256 };

/* What the reader says of the inside of a message names elements and stays English: it is for who writes the program
 * that made the file. */
static const struct {
    const char *english, *danish;
} words[] = {
    {"file", "fil"},
    {"line", "linje"},
    {"payment", "betaling"},
    {"not readable", "kan ikke læses"},
    {"version", "version"},
    {"not allowed", "ikke tilladt"},
    {"beyond a limit", "over en grænse"},
    {"of the amount went to cover debt", "af beløbet er gået til dækning af gæld"},
    {"the file is not whole", "filen er ikke hel"},
    {"the reader gave up on this file", "læseren måtte opgive filen"},
    {"an identification is too long", "en identifikation er for lang"},
    {"the file ends before its first element is whole", "filen slutter, før dens første element er helt"},
    {"the file does not begin as XML does", "filen begynder ikke som XML"},
    {"the encoding is not one of UTF-8, ISO-8859-1 and ISO-8859-15",
     "tegnsættet er ikke et af UTF-8, ISO-8859-1 og ISO-8859-15"},
    {"the byte order mark and the declared encoding contradict each other",
     "byte order mark og det angivne tegnsæt modsiger hinanden"},
    {"a document type declaration is not allowed", "en dokumenttypeerklæring er ikke tilladt"},
    {"a document type declaration or an entity is not allowed",
     "en dokumenttypeerklæring eller en entitet er ikke tilladt"},
};

const char *nks_report_wording(const char *english, enum nks_language language)
{
    if (language != NKS_DANISH)
        return english;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(english, words[i].english) == 0)
            return words[i].danish;
    }
    /* Findings of our own rules are stored in the words of their reason. */
    for (int reason = NKS_REASON_NONE + 1; reason < REASON_NUMBERS; reason++) {
        if (strcmp(english, nks_reason_english((enum nks_reason)reason)) == 0)
            return nks_reason_danish((enum nks_reason)reason);
    }
    return english;
}
