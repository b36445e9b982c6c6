namespace PipelineBackup.Testing.Tests;

/// <summary>Which laws each crime breaks: all of them, and no others.</summary>
internal static class Verdicts
{
    // A question mark stands behind a law that meets the crime only when two calls happen to meet.
    private static readonly Dictionary<string, string> s_all = new()
    {
        ["keeps only the first segment"] =
            "read-back-segments read-back-pack read-back-long whole-or-nothing listed-whole memory-left-alone "
            + "cancelled-midway cancelled-put cancelled-open cancelled-read side-by-side puts-at-once",
        ["loses empty objects"] =
            "read-back read-back-segments seen-by-others listed-by-others created-once ranges-empty list-order",
        ["stops at an empty segment"] = "read-back-segments cancelled-put cancelled-open cancelled-read",
        ["loses the byte behind 64 KiB"] = "read-back-blocks",
        ["loses a last part of one byte"] = "read-back-parts",
        ["loses the last slab of a pack"] = "read-back-pack",
        ["holds nothing above 64 MiB"] = "read-back-long",
        ["keeps the same content once"] = "same-content",
        ["does not list packs"] = "classes",
        ["refuses wrong checksums for no reason"] = "wrong-checksums",
        ["keeps what it refuses for its checksums"] = "wrong-checksums",
        ["writes in place"] = "whole-or-nothing listed-whole",
        ["announces what is still to come"] = "whole-or-nothing listed-whole",
        ["writes when it is closed"] =
            "classes seen-by-others listed-by-others gone-for-others outlives-its-sink created-once one-winner "
            + "one-winner-long name-free-again names-apart names-dots names-odd names-case names-long list-empty "
            + "delete-one delete-race cancelled-delete side-by-side retention-unpromised",
        ["reads on in the background"] = "memory-left-alone cancelled-put?",
        ["forgets to unpin"] = "memory-left-alone memory-left-alone-refused cancelled-midway cancelled-put",
        ["reads on after a refusal"] = "memory-left-alone-refused",
        ["leaves the body scrambled"] =
            "same-content classes wrong-checksums seen-by-others outlives-its-sink first-stays one-winner "
            + "one-winner-long name-free-again memory-unchanged ranges ranges-across stream-ends stream-pieces "
            + "stream-empty-buffer stream-ended-twice stream-left stream-outlives-open readers-apart readers-many "
            + "cancelled-midway cancelled-put call-after-failure retention-unpromised",
        ["overwrites"] = "created-once first-stays one-winner one-winner-long",
        ["says nothing of a name that is taken"] = "created-once one-winner one-winner-long",
        ["refuses and overwrites all the same"] = "first-stays one-winner one-winner-long",
        ["throws what it likes for a name that is taken"] =
            "created-once first-stays one-winner one-winner-long memory-left-alone-refused failures-named "
            + "call-after-failure",
        ["calls a taken name transient"] = "created-once",
        ["looks and then writes"] = "one-winner one-winner-long",
        ["looks and then writes what has parts"] = "one-winner-long",
        ["never gives a name back"] = "name-free-again delete-race",
        ["remembers what was not there"] = "whole-or-nothing seen-by-others",
        ["remembers its first listing"] =
            "classes listed-by-others names-apart names-dots names-odd names-case names-long list-order "
            + "list-full-pages delete-one cancelled-before cancelled-listing cancelled-list "
            + "side-by-side",
        ["remembers what it has read"] = "gone-for-others",
        ["takes its objects along when it ends"] = "outlives-its-sink",
        ["fails when it is ended twice"] = "outlives-its-sink",
        ["cuts long names"] = "names-long",
        ["folds characters"] = "names-apart names-odd list-order list-prefix list-beside-writers",
        ["drops dots at the end"] = "names-dots names-odd",
        ["keeps some names for itself"] = "names-odd",
        ["does not know capitals"] = "classes names-apart names-odd names-case list-order list-prefix",
        ["ignores the length of a range"] =
            "ranges ranges-across ranges-empty ranges-beyond ranges-far-beyond stream-ends stream-pieces "
            + "readers-many cancelled-open",
        ["takes the length for the end"] =
            "ranges ranges-across ranges-beyond stream-ends readers-many cancelled-open",
        ["stops at a bound of its parts"] = "ranges-across",
        ["refuses an empty range at the end"] = "ranges-empty",
        ["gives what there is"] = "ranges-beyond ranges-far-beyond",
        ["counts in 31 bits"] = "ranges-far-beyond",
        ["adds without a look"] = "ranges-far-beyond",
        ["calls a range beyond the end transient"] = "ranges-beyond ranges-far-beyond",
        ["gives an empty stream of what is missing"] =
            "whole-or-nothing seen-by-others gone-for-others ranges-beyond ranges-far-beyond missing delete-one",
        ["throws what the system threw"] =
            "whole-or-nothing seen-by-others gone-for-others ranges-beyond ranges-far-beyond missing "
            + "failures-named delete-one call-after-failure",
        ["calls what is missing transient"] = "missing",
        ["does not say which"] = "failures-named",
        ["starts again at its end"] = "stream-ends",
        ["loses bytes of small reads"] = "stream-pieces",
        ["ends at an empty buffer"] = "stream-empty-buffer",
        ["cannot be ended twice"] = "stream-ended-twice",
        ["keeps a connection for each stream that is left"] = "stream-left",
        ["ties the stream to the open"] = "stream-outlives-open",
        ["reads on though cancelled"] = "cancelled-reading",
        ["has one place for all readers"] = "readers-apart readers-many side-by-side?",
        ["opens one stream at a time"] = "readers-apart readers-many side-by-side?",
        ["opens three streams at a time"] = "readers-many",
        ["walks directory by directory"] = "names-apart names-dots list-order list-prefix",
        ["sorts by the alphabet"] = "names-odd names-case list-order",
        ["does not know lengths"] = "listed-whole first-stays list-lengths",
        ["rounds lengths"] = "list-lengths",
        ["takes a prefix for a directory"] = "list-prefix list-prefix-many",
        ["fails where there is nothing"] =
            "classes whole-or-nothing listed-whole gone-for-others names-apart names-dots names-odd names-case "
            + "names-long list-empty delete-one delete-race cancelled-midway cancelled-put cancelled-delete "
            + "retention-unpromised",
        ["cleans up the prefix"] = "list-prefix list-odd-prefix",
        ["takes a prefix as it stands in a web address"] = "list-odd-prefix",
        ["keeps a cursor for each listing that is left"] = "list-left cancelled-list",
        ["gives the first page"] = "list-many list-full-pages list-prefix-many list-beside-writers",
        ["gives a full last page twice"] = "list-full-pages",
        ["selects within the first page"] = "list-prefix-many list-beside-writers",
        ["gives the last name again when it goes on"] = "list-after list-after-many",
        ["goes on nowhere when the last name is gone"] = "list-after list-after-many",
        ["goes on within its directory"] = "list-after list-after-many",
        ["forgets its prefix on the second page when it goes on"] = "list-after-many",
        ["turns pages by their number"] = "list-beside-writers",
        ["deletes nothing"] =
            "classes gone-for-others name-free-again names-apart names-dots names-odd names-case names-long "
            + "list-empty delete-one delete-race cancelled-before cancelled-delete side-by-side "
            + "retention-unpromised",
        ["deletes by prefix"] = "names-apart names-dots names-odd names-case names-long delete-no-other",
        ["misses what is not there"] = "delete-no-other delete-missing delete-twice delete-race",
        ["misses what it has deleted"] = "delete-twice delete-race",
        ["deletes one at a time"] = "delete-race cancelled-before",
        ["promises to retain and does not"] = "retention-kept",
        ["retains what it did not promise"] = "retention-unpromised",
        ["stores what it refuses to retain"] = "retention-unpromised",
        ["puts without a look at the token"] = "cancelled-before",
        ["opens without a look at the token"] = "cancelled-before",
        ["lists on though cancelled"] = "cancelled-before cancelled-listing",
        ["deletes all the same"] = "cancelled-before",
        ["goes on in the background"] = "cancelled-midway",
        ["leaves a half"] = "cancelled-midway cancelled-put",
        ["calls a cancelled put a failure"] = "cancelled-midway cancelled-put",
        ["looks at the body of a cancelled put"] = "cancelled-before? cancelled-midway cancelled-put",
        ["keeps the name of a cancelled put"] = "cancelled-midway cancelled-put",
        ["breaks when an open is cancelled half-way"] = "cancelled-open",
        ["ends early when a read is cancelled half-way"] = "cancelled-read",
        ["ends early when a listing is cancelled half-way"] = "cancelled-listing cancelled-list",
        ["is stuck when a delete is cancelled half-way"] = "cancelled-delete",
        ["puts one at a time"] =
            "one-winner one-winner-long list-many list-full-pages list-prefix-many list-beside-writers "
            + "side-by-side puts-at-once",
        ["puts no more at a time than it likes"] =
            "one-winner one-winner-long list-many list-full-pages list-prefix-many list-beside-writers "
            + "side-by-side puts-at-once",
        ["is worn out by refusals"] = "call-after-failure",
        ["allows no put"] = "traits",
        ["allows no reader"] = "traits",
        ["holds no pack"] = "traits",
        ["has no traits"] = "readers-many puts-at-once traits retention-kept retention-unpromised",
        ["learns from what is put"] = "traits-steady",
    };

    /// <summary>The laws that a crime breaks.</summary>
    public static IEnumerable<string> Of(string crime) => All(crime).Where(law => !law.EndsWith('?'));

    /// <summary>The laws that may meet it, or not.</summary>
    public static IEnumerable<string> PerhapsOf(string crime) =>
        All(crime).Where(law => law.EndsWith('?')).Select(law => law.TrimEnd('?'));

    private static string[] All(string crime) => s_all[crime].Split(' ');
}
