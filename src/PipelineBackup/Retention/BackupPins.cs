using PipelineBackup.Format;

namespace PipelineBackup;

/// <summary>A pin: as long as it is there, no expiry removes the backup, nor what that builds on.</summary>
/// <param name="Backup">Id of the backup.</param>
/// <param name="Name">The object that is the pin.</param>
/// <param name="Time">When it was set, UTC.</param>
/// <param name="Note">Why, in the words of whoever set it; empty without any.</param>
public sealed record BackupPin(string Backup, ObjectName Name, DateTimeOffset Time, string Note);

/// <summary>The pins of a set. A backup may have several; each is an object of its own.</summary>
/// <param name="sink">The store. Not disposed here.</param>
/// <param name="set">The set.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class BackupPins(IBackupSink sink, BackupSet set, TimeProvider? time = null)
{
    /// <summary>The longest note, in characters.</summary>
    public const int MaxNoteLength = 500;

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Pins a backup.</summary>
    /// <param name="which">Its id, or <c>latest</c>.</param>
    /// <param name="note">Why; at most <see cref="MaxNoteLength"/> characters.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="BackupException">There is no such backup, or an expiry is removing it, or the store failed.</exception>
    public async Task<BackupPin> PinAsync(string which, string note = "", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(note);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(note.Length, MaxNoteLength);
        var manifest = await new BackupCatalog(sink, set).FindAsync(which, cancellationToken).ConfigureAwait(false);
        var id = BackupId.Parse(manifest.Id);
        var now = _time.GetUtcNow();
        var name = set.Mark(id, "pin", now);
        await sink.PutAsync(name, ObjectBody.Of(BackupMark.Pin(id, now, note.Length > 0 ? note : null).ToJson()), cancellationToken).ConfigureAwait(false);

        // An expiry that did not see the pin has left its mark by now.
        if (!await BackupExpiry.IsStaleAsync(sink, set, id, now, cancellationToken).ConfigureAwait(false))
        {
            throw new BackupException($"an expiry is about to remove {id}; the pin may have come too late")
            {
                Hint = "look with 'list', when the expiry has ended, whether the backup is still there; the pin stays with it",
                ExitCode = ExitCode.InUse,
            };
        }

        if (await SmallObject.TryReadAsync(sink, set.Commit(id), BackupManifest.MaxBytes, cancellationToken).ConfigureAwait(false) is null)
        {
            await sink.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
            throw new BackupException($"{id} has been removed meanwhile") { Hint = "'list' shows what is left", ExitCode = ExitCode.NotFound };
        }

        return new($"{id}", name, now, note);
    }

    /// <summary>Takes all pins off a backup.</summary>
    /// <param name="which">Its id, or <c>latest</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The pins that it had; none when it was not pinned.</returns>
    /// <exception cref="BackupException">There is no such backup, or the store failed.</exception>
    public async Task<IReadOnlyList<BackupPin>> UnpinAsync(string which, CancellationToken cancellationToken = default)
    {
        var manifest = await new BackupCatalog(sink, set).FindAsync(which, cancellationToken).ConfigureAwait(false);
        var pins = await ListAsync(set.MarkPrefix(BackupId.Parse(manifest.Id)), cancellationToken).ConfigureAwait(false);
        foreach (var pin in pins)
            await sink.DeleteAsync(pin.Name, cancellationToken).ConfigureAwait(false);
        return pins;
    }

    /// <summary>All pins of the set, by backup and time.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="BackupException">The store is none, or failed.</exception>
    public async Task<IReadOnlyList<BackupPin>> ListAsync(CancellationToken cancellationToken = default)
    {
        await StoreFormat.DemandAsync(sink, cancellationToken).ConfigureAwait(false);
        return await ListAsync(set.AllMarks, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<BackupPin>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var pins = new List<BackupPin>();
        await foreach (var stored in sink.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            string[] parts = stored.Name.ToString().Split('/');
            if (parts.Length != 4 || !BackupId.TryParse(parts[2], out var id) || !parts[3].StartsWith(BackupMark.PinPrefix, StringComparison.Ordinal))
                continue;
            var mark = await ReadAsync(stored.Name, cancellationToken).ConfigureAwait(false);
            pins.Add(new($"{id}", stored.Name, mark?.Time ?? default, mark?.Note ?? ""));
        }

        return pins;
    }

    // What counts is that the object is there; a damaged one pins too.
    private async Task<BackupMark?> ReadAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            return await BackupMark.TryReadAsync(sink, name, cancellationToken).ConfigureAwait(false);
        }
        catch (BackupException damaged) when (damaged is not SinkException)
        {
            return null;
        }
    }
}
