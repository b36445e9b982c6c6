namespace PipelineBackup.Testing;

/// <summary>What holds of names.</summary>
internal static class NameLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("names-apart", "Every name is an object of its own, also where one is the beginning of another.", trial =>
            ApartAsync(trial, "a", "ab", "abc", "a-b", "a_b", "a.b", "b/a", "b/a-", "b/a0", "b-/a", "0", "00", "set/x.json",
                "set/x.jsonl", "set2/x.json", "tmp", "20261120T120000Z-F-1a2b3c4d")),
        new("names-dots", "Dots stay what they are, also several and at the end.", trial =>
            ApartAsync(trial, "a", "a.", "a..", "a..b", "a...b", "a.b.c", "b./c", "b/c", "x.json", "x.json.", "x.json.tmp")),
        new("names-odd", "Names that some system keeps for itself, or that look like numbers or options, are names.", trial =>
            ApartAsync(trial, "-", "--", "-rf", "_", "_-.", "con", "nul.json", "aux", "com1", "lpt1.txt", "index.html", "1e5", "0x10",
                "007", "7", "07", "null", "true", "PAX/x", "lost-found", "z-", "z_")),
        new("names-case", "Letters in capitals and small ones are different letters.", trial =>
            ApartAsync(trial, "case/a", "case/A", "case/Ab", "case/aB", "Case/a", "CASE/a")),
        new("names-long", "Names of up to 512 characters are kept whole.", Long),
    ];

    private static Task Long(SinkTrial trial)
    {
        int longest = trial.LongestName;
        string deep = string.Concat(Enumerable.Repeat("d/", (longest - 2) / 2)) + "e";
        string broad = string.Join('/', Enumerable.Repeat(new string('x', 100), longest / 101));
        string full = broad + "/" + new string('y', Math.Max(1, longest - broad.Length - 1));
        full = full.Length > longest ? full[..longest] : full;
        return ApartAsync(trial, deep, deep + "0", full, full[..^1] + "z", new string('y', 180), new string('y', 181));
    }

    private static async Task ApartAsync(SinkTrial trial, params string[] names)
    {
        var sink = await trial.OpenAsync();
        for (int i = 0; i < names.Length; i++)
            await trial.PutAsync(sink, names[i], SinkTrial.Bytes(i, 50 + i));
        for (int i = 0; i < names.Length; i++)
            await trial.RequireContentAsync(sink, names[i], SinkTrial.Bytes(i, 50 + i));
        await trial.RequireListAsync(sink, "", names.Order(StringComparer.Ordinal));
        for (int i = 0; i < names.Length; i++)
        {
            await sink.DeleteAsync(ObjectName.Of(names[i]), trial.Token);
            await trial.RequireListAsync(sink, "", names[(i + 1)..].Order(StringComparer.Ordinal));
        }
    }
}
