using System.Text.Json;
using System.Text.Json.Serialization;
using PipelineBackup.Shared;

namespace PipelineBackup.Restore;

/// <summary>
/// What a restore was about to rename when it ended: written and synced before the first rename, removed after the last. A
/// crash in between leaves it, and the next restore into the same target finishes or rolls back by it.
/// </summary>
/// <remarks>
/// <code>
/// staged files sealed ─► journal durable ─► every file renamed ─► directories durable ─► journal removed
///       crash: staging is litter        │       crash: finish, or roll back       │        crash: finish (nothing left to do)
/// </code>
/// </remarks>
internal sealed class PublishJournal
{
    public const string FileName = ".pipelinebackup-publish.json";
    private const int MaxBytes = 64 << 20;

    private readonly string _path;

    private PublishJournal(string target, JournalContent content) => (_path, Content) = (Path.Combine(target, FileName), content);

    /// <summary>What it says.</summary>
    public JournalContent Content { get; }

    /// <summary>Writes a journal and makes it durable.</summary>
    public static PublishJournal Write(string target, JournalContent content)
    {
        var journal = new PublishJournal(target, content);
        string temporary = journal._path + ".new";
        using (var file = File.Create(temporary))
        {
            JsonSerializer.Serialize(file, content, JournalJson.Default.JournalContent);
            file.Flush(flushToDisk: true);
        }

        if (!DurableFile.TryRenameNoReplace(temporary, journal._path))
            throw new IOException($"'{journal._path}' exists already: another restore is publishing into this directory");
        DurableFile.FlushDirectory(target);
        return journal;
    }

    /// <summary>The journal that a crashed restore left in a target, if there is one.</summary>
    /// <exception cref="BackupException">There is one and it cannot be read.</exception>
    public static PublishJournal? Find(string target)
    {
        // One that was never renamed to its name was never acted on.
        File.Delete(Path.Combine(target, FileName + ".new"));
        string path = Path.Combine(target, FileName);
        if (!File.Exists(path))
            return null;
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length <= MaxBytes && JsonSerializer.Deserialize(file, JournalJson.Default.JournalContent) is { } content && IsOurs(content))
                return new(target, content);
        }
        catch (JsonException)
        {
            // Told below, as for one that is too long.
        }

        throw new BackupException($"'{path}' of an interrupted restore cannot be read")
        {
            Hint = "move the directory away and restore into an empty one",
            ExitCode = ExitCode.Refused,
        };
    }

    /// <summary>Renames what is not renamed yet.</summary>
    /// <returns>The first name that someone else has taken meanwhile; null when all are in place.</returns>
    public string? Finish()
    {
        foreach (var move in Content.Moves)
        {
            if (!File.Exists(move.Staged))
            {
                if (File.Exists(move.Published))
                    continue;
                throw new FileNotFoundException($"'{move.Staged}' is gone, and '{move.Published}' is not there", move.Staged);
            }

            if (!DurableFile.TryRenameNoReplace(move.Staged, move.Published))
                return move.Published;
        }

        FlushDirectories();
        return null;
    }

    /// <summary>The first published file that is no longer as it was when it was sealed; null when all are.</summary>
    public string? FindChanged() =>
        Content.Moves.FirstOrDefault(move => !File.Exists(move.Staged) && File.Exists(move.Published) && IsChanged(move))?.Published;

    /// <summary>Takes every file that was renamed back into staging, but not one that someone has changed since.</summary>
    public void RollBack()
    {
        // Someone may have cleared it away.
        foreach (string directory in Content.Staging)
            Directory.CreateDirectory(directory);
        foreach (var move in Content.Moves)
        {
            // Still staged: whatever has the published name is not ours.
            if (!File.Exists(move.Staged) && File.Exists(move.Published) && !IsChanged(move))
                DurableFile.TryRenameNoReplace(move.Published, move.Staged);
        }

        FlushDirectories();
    }

    /// <summary>Removes the journal: what it says is done.</summary>
    public void Remove()
    {
        File.Delete(_path);
        DurableFile.FlushDirectory(Path.GetDirectoryName(_path)!);
    }

    private static bool IsChanged(JournalMove move)
    {
        var file = new FileInfo(move.Published);
        return file.Length != move.Length || file.LastWriteTimeUtc.Ticks != move.Written;
    }

    // A journal lies where others may write. It moves files out of staging directories and removes those: nothing else.
    private static bool IsOurs(JournalContent content) =>
        content.Staging.All(directory => directory is not null && Path.IsPathFullyQualified(directory)
            && Path.GetFileName(directory).StartsWith(StagingDirectory.Prefix, StringComparison.Ordinal))
        && content.Moves.All(move => move is not null && Path.IsPathFullyQualified(move.Published)
            && content.Staging.Contains(Path.GetDirectoryName(move.Staged), StringComparer.Ordinal));

    private void FlushDirectories()
    {
        foreach (string directory in Content.Moves.SelectMany(move => new[] { move.Published, move.Staged })
            .Select(path => Path.GetDirectoryName(path)!).Distinct().Where(Directory.Exists))
            DurableFile.FlushDirectory(directory);
    }
}

/// <summary>The content of a journal.</summary>
/// <param name="Backup">Id of the backup that is being published.</param>
/// <param name="Staging">The staging directories, removed at the end.</param>
/// <param name="Moves">The renames.</param>
/// <param name="Goal">What the restore made of the databases.</param>
internal sealed record JournalContent(string Backup, string[] Staging, JournalMove[] Moves, string Goal = "as it was");

/// <summary>One rename.</summary>
/// <param name="Staged">Full path in staging.</param>
/// <param name="Published">Full path in the target.</param>
/// <param name="Length">Length of the sealed file in bytes.</param>
/// <param name="Written">Time of its last change, UTC, in ticks.</param>
internal sealed record JournalMove(string Staged, string Published, long Length, long Written)
{
    /// <summary>The rename of a sealed file.</summary>
    public static JournalMove Of(string staged, string published)
    {
        var file = new FileInfo(staged);
        return new(staged, published, file.Length, file.LastWriteTimeUtc.Ticks);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JournalContent))]
internal sealed partial class JournalJson : JsonSerializerContext;
