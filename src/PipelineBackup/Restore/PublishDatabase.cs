namespace PipelineBackup.Restore;

/// <summary>The last door of a restore: renames what is sealed in staging, by a journal, and clears staging away.</summary>
internal static class PublishDatabase
{
    /// <summary>Publishes, or rolls back when someone else has taken one of the names.</summary>
    /// <exception cref="BackupException">A name is taken; nothing is published, or only what someone has changed since.</exception>
    public static void Run(PublishJournal journal)
    {
        if (journal.Finish() is { } taken)
        {
            string? changed = journal.FindChanged();
            journal.RollBack();
            Clear(journal);
            throw new BackupException(changed is null
                ? $"'{taken}' was made by someone else while the restore ran; nothing was published"
                : $"'{taken}' was made by someone else before the restore was finished; all but '{changed}', which was changed since, is withdrawn")
            {
                Hint = "restore into a directory that nothing else writes to",
            };
        }

        Clear(journal);
    }

    /// <summary>Removes staging, then the journal: until then a crash is settled by it.</summary>
    public static void Clear(PublishJournal journal)
    {
        foreach (string directory in journal.Content.Staging.Where(Directory.Exists))
            Directory.Delete(directory, recursive: true);
        journal.Remove();
    }
}
