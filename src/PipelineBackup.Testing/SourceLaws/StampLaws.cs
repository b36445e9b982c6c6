using System.Numerics;

namespace PipelineBackup.Testing;

/// <summary>What holds of what a session says of itself.</summary>
internal static class StampLaws
{
    public static IReadOnlyList<SourceLaw> All { get; } =
    [
        new("stamp", "The stamp names the source, its page size and each of the databases, in their order.", Stamp),
        new("files", "Each file has a plain name of its own, a length and a page size that divides it.", Files),
        new(
            "log-order", "Logs follow one another in the order of their generations, without a gap or a repetition.",
            LogOrder),
    ];

    private static async Task Stamp(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        var stamp = session.Stamp;
        trial.Require(stamp is not null, "there is no stamp");
        trial.Require(stamp!.Source.Length > 0, "the stamp does not name the source");
        trial.Require(stamp.EngineVersion.Length > 0, "the stamp names no engine version");
        trial.Require(
            stamp.PageSize is >= 2048 and <= 32768 && BitOperations.IsPow2(stamp.PageSize),
            $"a page size of {stamp.PageSize} bytes");
        string[] files =
            [.. session.Databases.Where(file => file.Kind == SourceFileKind.Database).Select(file => file.Name)];
        string[] stamped = [.. stamp.Databases.Select(database => database.Name)];
        trial.Require(files.Length > 0, "the session has no database");
        trial.Require(
            files.SequenceEqual(stamped),
            $"the stamp has the databases {string.Join(", ", stamped)}, the session {string.Join(", ", files)}");
        trial.Require(
            stamp.Databases.All(database => database.Signature.Length == 56 && database.Signature.All(char.IsAsciiHexDigit)),
            "a database's signature is not 28 bytes in hexadecimal");
        trial.Require(ReferenceEquals(stamp, session.Stamp) || stamp == session.Stamp,
            "the stamp changes while the session runs");
    }

    private static async Task Files(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        var databases = session.Databases;
        var rest = await session.EndDatabasesAsync(trial.Token);
        SourceFile[] all = [.. databases, .. rest];
        foreach (var file in all)
        {
            trial.Require(
                file.Name.Length > 0 && file.Name.AsSpan().IndexOfAny('/', '\\') < 0,
                $"'{file.Name}' is no plain file name");
            trial.Require(file.OriginalPath.Length > 0, $"'{file.Name}' does not tell where it was");
            trial.Require(file.PageSize > 0, $"'{file.Name}' has a page size of {file.PageSize}");
            trial.Require(
                file.Length >= 0 && file.Length % file.PageSize == 0,
                $"'{file.Name}' has {file.Length} bytes, no multiple of its page size {file.PageSize}");
            trial.Require(
                file.Kind == SourceFileKind.Log == file.Generation > 0,
                $"'{file.Name}', a {file.Kind}, has generation {file.Generation}");
        }

        trial.Require(
            databases.All(file => file.Kind is SourceFileKind.Database or SourceFileKind.StreamingCompanion),
            "something other than a database is among the databases");
        trial.Require(
            rest.All(file => file.Kind is not (SourceFileKind.Database or SourceFileKind.StreamingCompanion)),
            "a database is offered after the databases have ended");
        var twice = all.GroupBy(file => (file.Kind, file.Role, file.Name)).FirstOrDefault(group => group.Count() > 1);
        trial.Require(twice is null, $"'{twice?.Key.Name}' is offered twice");
    }

    private static async Task LogOrder(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        int[] generations =
        [
            .. (await session.EndDatabasesAsync(trial.Token))
                .Where(file => file.Kind == SourceFileKind.Log).Select(file => file.Generation),
        ];
        for (int i = 1; i < generations.Length; i++)
        {
            trial.Require(
                generations[i] == generations[i - 1] + 1,
                $"after log generation {generations[i - 1]} follows {generations[i]}");
        }
    }
}
