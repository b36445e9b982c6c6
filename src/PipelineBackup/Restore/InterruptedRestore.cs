using Microsoft.Extensions.Logging;

namespace PipelineBackup.Restore;

/// <summary>
/// What a restore that crashed left in the target. Of the same backup, to the same goal: it is finished, for everything was sealed before its
/// journal was written. Of another one, or when files of it are gone since: it is rolled back, unless someone has changed
/// what was published.
/// </summary>
internal static class InterruptedRestore
{
    /// <summary>Settles what is left.</summary>
    /// <param name="staging">The claim on the target.</param>
    /// <param name="id">The backup that is to be restored now.</param>
    /// <param name="goal">What is to be made of its databases.</param>
    /// <param name="logger">Told what was done.</param>
    /// <returns>The published files when the restore of this backup is thereby done; else null.</returns>
    /// <exception cref="BackupException">The files were changed after the crash: nothing was touched.</exception>
    public static IReadOnlyList<string>? Settle(StagingDirectory staging, string id, string goal, ILogger logger)
    {
        try
        {
            return SettleFiles(staging, id, goal, logger);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw RestoreFailure.Of(failure, $"what an interrupted restore left in '{staging.Target}' cannot be settled");
        }
    }

    private static IReadOnlyList<string>? SettleFiles(StagingDirectory staging, string id, string goal, ILogger logger)
    {
        if (PublishJournal.Find(staging.Target) is not { } journal)
        {
            staging.RemoveLitter();
            return null;
        }

        bool complete = journal.Content.Moves.All(move => !File.Exists(move.Staged));
        bool whole = journal.Content.Moves.All(move => File.Exists(move.Staged) || File.Exists(move.Published));
        if (journal.Content.Backup == id && journal.Content.Goal == goal && whole)
        {
            PublishDatabase.Run(journal);
            logger.LogInformation("an interrupted restore of {Id} is finished", id);
            return [.. journal.Content.Moves.Select(move => move.Published)];
        }

        if (!complete || !whole)
        {
            if (journal.FindChanged() is { } changed)
            {
                throw new BackupException($"an interrupted restore of {journal.Content.Backup} is here, and '{changed}' was changed since")
                {
                    Hint = whole
                        ? $"restore into another directory, or restore {journal.Content.Backup} here, with the options it had, to finish that one first"
                        : "restore into another directory: files of that restore are gone",
                    ExitCode = ExitCode.Refused,
                };
            }

            journal.RollBack();
            logger.LogInformation("an interrupted restore of {Id} is rolled back", journal.Content.Backup);
        }

        // A complete one only lacked the removal of its journal: its files are published and stay.
        PublishDatabase.Clear(journal);
        staging.RemoveLitter();
        return null;
    }
}
