using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>What open transactions changed, so that it can be undone.</summary>
/// <remarks>
/// <para>
/// It also knows which pages are held: a page that a change of an open transaction was made on, while no log record has
/// the old data. As long as such a page does not reach the database file a rerun of recovery makes the change again and
/// learns the old data; behind that it could not undo it. When memory runs short a held page goes to a scratch file;
/// whoever writes pages asks <see cref="IsHeld"/> first.
/// </para>
/// <para>
/// A page that the node is moved to later, by a split or a merge, is not held by it and may be written: the rerun still
/// makes the change on the page that it was made on, and undo finds the node by its bookmark.
/// </para>
/// </remarks>
/// <param name="memory">Where the changes are, as long as they are open.</param>
internal sealed partial class VersionStore(ScratchMemory memory)
{
    private readonly PageHolds _holds = new();
    private byte[] _body = new byte[512];
    private byte[] _parts = new byte[512];

    /// <summary>How many pages are held.</summary>
    public int HeldPages => _holds.Count;

    /// <summary>Whether a page must not reach the database file yet.</summary>
    /// <param name="database">Number of the database.</param>
    /// <param name="page">The page.</param>
    public bool IsHeld(byte database, PageNumber page) => _holds.IsHeld(database, page);

    /// <summary>A node was inserted: undone by flagging it deleted.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="version">Number of the version.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    public void Inserted(RedoSession session, in NodeChange node, uint version, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> bookmarkData)
    {
        Add(session, node, version, PageNumber.None, new() { Operation = NodeOperation.Insert }, key, bookmarkData, []);
    }

    /// <summary>
    /// Data were replaced on a page that needed it: undone by putting the old data back. Holds the page.
    /// </summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="version">Number of the version.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    /// <param name="oldData">What it held before.</param>
    /// <param name="page">The page that was changed: in a split perhaps not the one that the record names.</param>
    public void Replaced(RedoSession session, in NodeChange node, uint version, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> bookmarkData, ReadOnlySpan<byte> oldData, PageNumber page)
    {
        var body = new VersionBody
        {
            Operation = NodeOperation.Replace, Offset = (ushort)Math.Min(oldData.Length, short.MaxValue),
        };
        Add(session, node, version, page, body, key, bookmarkData, oldData);
    }

    /// <summary>
    /// A node was flagged deleted on a page that needed it: undone by clearing the flag. Holds the page.
    /// </summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    /// <param name="page">The page that was changed: in a split perhaps not the one that the record names.</param>
    public void FlagDeleted(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> bookmarkData, PageNumber page)
    {
        var body = new VersionBody { Operation = NodeOperation.FlagDelete };
        Add(session, node, node.Version, page, body, key, bookmarkData, []);
    }

    /// <summary>A counter was moved: undone by moving it back.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    /// <param name="offset">Offset of the counter in the data.</param>
    /// <param name="delta">By how much.</param>
    /// <param name="is64Bit">Whether the counter has 64 bits.</param>
    public void Moved(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmarkData,
        int offset, long delta, bool is64Bit)
    {
        var body = new VersionBody
        {
            Operation = is64Bit ? NodeOperation.Delta64 : NodeOperation.Delta, Delta = delta, Offset = (ushort)offset,
        };
        Add(session, node, node.Version, PageNumber.None, body, key, bookmarkData, []);
    }

    /// <summary>A change whose page did not need it: a later record tells what to undo.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="version">Number of the version.</param>
    public void Deferred(RedoSession session, uint version)
    {
        if (session.Level > 0 && !Of(session).TryFind(version, out _))
            Of(session).Defer(version, session.Level);
    }

    /// <summary>An UndoInfo: what a node held before a change, in the log from now on.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="record">The record.</param>
    public void UndoInfo(RedoSession session, in UndoInfoRecord record)
    {
        ref readonly var node = ref record.Node;

        // A record of a transaction that is over, which another thread was late to write.
        if (session.Level == 0 || node.Change.Transaction != session.Transaction)
            return;
        var versions = Of(session);
        int level = 0;
        if (versions.TryFind(node.Version, out var found))
        {
            if (!found.Entry.IsBodiless || !found.IsLate)
            {
                versions.Logged(found);
                return;
            }

            level = found.Level;
            versions.Remove(found);
        }

        if (record.Operation is not (NodeOperation.Replace or NodeOperation.FlagDelete))
        {
            throw new EseException(EseError.LogCorrupted,
                $"a record tells how to undo the operation {record.Operation}, of which nothing needs to be told");
        }

        var body = new VersionBody
        {
            Operation = record.Operation, Offset = (ushort)record.MaxSize, Growth = record.Growth,
        };
        Add(session, node, node.Version, PageNumber.None, body, record.BookmarkKey, record.BookmarkData, record.OldData,
            level);
    }

    /// <summary>A change is undone by a record: how, and it is forgotten; false when it is not known.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    /// <param name="inverse">How to undo it; good until the store is next used.</param>
    public bool TryTake(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> bookmarkData, out InverseOperation inverse)
    {
        inverse = default;
        if (session.Versions is not { } versions || !versions.TryFind(node.Version, out var found))
            return false;
        if (found.Entry.IsBodiless)
        {
            // Nothing told how to undo it, so the page is newer than this record too.
            if (found.IsLate)
                versions.Remove(found);
            return false;
        }

        var version = Read(session, found);
        if (found.Entry.Database != node.Change.Database || version.Body.Root != node.Root
            || !version.Key.SequenceEqual(key) || !version.BookmarkData.SequenceEqual(bookmarkData))
            return false;
        versions.Remove(found);
        inverse = version.Inverse;
        return true;
    }

    /// <summary>The newest change of the innermost transaction of a session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="version">The change; good until the store is next used.</param>
    /// <returns>False when all is undone.</returns>
    /// <exception cref="EseException">-1917: no record told how to undo it.</exception>
    public bool TryNewest(RedoSession session, out VersionView version)
    {
        version = default;
        if (session.Versions is not { } versions || !versions.TryNewest(session.Level, out var found))
            return false;
        if (found.Entry.IsBodiless)
        {
            throw new EseException(EseError.RollbackError,
                $"change {found.Entry.Version:x} of session {session.Id} cannot be undone: no log has the old data",
                "replay all logs that the database requires, or restore a backup");
        }

        version = Read(session, found);
        return true;
    }

    private SessionVersions Of(RedoSession session) => session.Versions ??= new(memory, _holds);

    private void Add(RedoSession session, in NodeChange node, uint version, PageNumber held, VersionBody body,
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmarkData, ReadOnlySpan<byte> oldData, int level = 0)
    {
        // Outside of transactions nothing is undone.
        if (session.Level == 0)
            return;
        var versions = Of(session);
        if (level == 0)
        {
            if (versions.TryFind(version, out _))
                return;
            level = Math.Clamp(node.Change.Level, (byte)1, session.Level);
        }

        body = body with
        {
            KeyLength = (ushort)key.Length, BookmarkLength = (ushort)bookmarkData.Length,
            OldLength = (ushort)oldData.Length, Root = node.Root, Tree = node.Tree, Flags = node.Change.Flags,
        };
        int length = VersionBody.Size + key.Length + bookmarkData.Length + oldData.Length;
        if (_body.Length < length)
            _body = new byte[Math.Max(length, _body.Length * 2)];
        var bytes = _body.AsSpan(0, length);
        MemoryMarshal.Write(bytes, body);
        key.CopyTo(bytes[VersionBody.Size..]);
        bookmarkData.CopyTo(bytes[(VersionBody.Size + key.Length)..]);
        oldData.CopyTo(bytes[(length - oldData.Length)..]);
        versions.Add(new(version, held, node.Change.Database, 0), level, session.Level, bytes);
    }

    private VersionView Read(RedoSession session, FoundVersion found)
    {
        var body = session.Versions!.Read(found, ref _parts);
        return new(found.Entry, body, _parts);
    }
}
