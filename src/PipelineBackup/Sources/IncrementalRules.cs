using System.Globalization;
using PipelineBackup.Ese;

namespace PipelineBackup.Sources;

/// <summary>Whether the logs of a directory continue a chain of backups.</summary>
internal static class IncrementalRules
{
    /// <summary>Judges.</summary>
    /// <returns>Null when they do; else the refusal.</returns>
    public static SourceException? Judge(LogChain chain, IReadOnlyList<FoundDatabase> databases, BackupParent parent)
    {
        if (chain.Generations.Count == 0)
            return Refuse(JetError.MissingFileToBackup, "there are no logs to back up", "name their directory with --logs");
        if (chain.Signature.ToHex() != parent.LogSignature)
            return Refuse(Jet(EseError.BadLogSignature), "the logs belong to another log stream than the last backup", "make a full backup");
        if (databases.FirstOrDefault(database => !parent.DatabaseSignatures.Contains(database.Header.Signature.ToHex())) is { } added)
        {
            return Refuse(JetError.MissingFullBackup, $"'{added.File.Name}' is not in the full backup that would be continued",
                "make a full backup; --base and --set tell several sets apart");
        }

        if (chain.Generations[^1].Header is { Flags: var flags } && (flags & (LogHeaderFlags.Circular | LogHeaderFlags.CircularBefore)) != 0)
            return Refuse(JetError.InvalidBackup, "circular logging is or was on: logs may have been overwritten", "make a full backup");

        var last = chain.Find(new(parent.LastGeneration));
        var next = chain.Find(new(parent.LastGeneration + 1));
        if (last is null && next is null)
        {
            return Refuse(JetError.MissingFileToBackup, string.Create(CultureInfo.InvariantCulture,
                $"the last backup ends with generation {parent.LastGeneration}, the logs here are {chain.Lowest.Value} to {chain.Highest.Value}"),
                "make a full backup: the logs between are gone");
        }

        if (last is { Header: { } same } && parent.LastCreated.Length > 0 && Hex(same.Created) != parent.LastCreated)
            return Broken(parent.LastGeneration);
        if (last is null && next!.Header is { } later && !Follows(later, parent))
            return Broken(parent.LastGeneration + 1);
        if (last is null && parent.LastIsOpen && next!.Header is { Version.HasAccumulatedChecksum: false })
        {
            return Refuse(JetError.MissingFileToBackup,
                $"generation {parent.LastGeneration} was still written to at the last backup, and is gone", "make a full backup");
        }

        var from = last is null ? parent.LastGeneration + 1 : parent.LastGeneration;
        return chain.UnbrokenFrom.Value > from
            ? Refuse(Jet(EseError.InvalidLogSequence), string.Create(CultureInfo.InvariantCulture,
                $"the logs from generation {from} on do not follow each other up to {chain.UnbrokenFrom.Value}"), "make a full backup")
            : null;
    }

    /// <summary>The eight bytes of a log's creation time, as a chain keeps them.</summary>
    public static string Hex(LogTime time) => time.Value.ToString("x16", CultureInfo.InvariantCulture);

    private static bool Follows(LogHeader later, BackupParent parent) =>
        (parent.LastCreated.Length == 0 || Hex(later.PreviousCreated) == parent.LastCreated)
        && (parent.LastChecksum.Length == 0 || !later.Version.HasAccumulatedChecksum || later.PreviousChecksum == 0
            || later.PreviousChecksum.ToString("x16", CultureInfo.InvariantCulture) == parent.LastChecksum);

    private static SourceException Broken(int generation) => Refuse(Jet(EseError.InvalidLogSequence), string.Create(CultureInfo.InvariantCulture,
        $"generation {generation} does not continue the logs of the last backup"), "make a full backup");

    private static JetError Jet(EseError error) => EseErrors.ToJet(error)!.Value;

    private static SourceException Refuse(JetError error, string message, string hint) =>
        new($"no incremental backup is possible: {message}") { Error = error, Hint = hint, ExitCode = ExitCode.Refused };
}
