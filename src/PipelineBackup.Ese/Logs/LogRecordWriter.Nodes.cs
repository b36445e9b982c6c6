using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

// Records about nodes.
public sealed partial class LogRecordWriter
{
    /// <summary>An <see cref="LogRecordType.Insert"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="prefix">The first part of the key; may be empty.</param>
    /// <param name="suffix">The rest of it.</param>
    /// <param name="data">The data.</param>
    public void Insert(
        in NodeChange node, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> data)
    {
        Begin(LogRecordType.Insert, node);
        PutLength(suffix);
        PutLength(prefix);
        PutLength(data);
        Put(prefix);
        Put(suffix);
        Put(data);
        End();
    }

    /// <summary>A <see cref="LogRecordType.FlagInsert"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="key">The key of the node.</param>
    /// <param name="data">Its data.</param>
    public void FlagInsert(in NodeChange node, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        Begin(LogRecordType.FlagInsert, node);
        PutLength(key);
        PutLength(data);
        Put(key);
        Put(data);
        End();
    }

    /// <summary>A <see cref="LogRecordType.FlagInsertReplace"/>.</summary>
    /// <param name="node">The change; its version is that of the inserting.</param>
    /// <param name="replaceVersion">Version of the replacing.</param>
    /// <param name="key">The key of the node.</param>
    /// <param name="data">The new data.</param>
    public void FlagInsertReplace(
        in NodeChange node, uint replaceVersion, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        Begin(LogRecordType.FlagInsertReplace, node);
        PutLength(key);
        PutLength(data);
        PutInt(replaceVersion);
        Put(key);
        Put(data);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Replace"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="oldLength">Length of the old data.</param>
    /// <param name="newData">The new data, at most 32767 bytes.</param>
    public void Replace(in NodeChange node, int oldLength, ReadOnlySpan<byte> newData) =>
        Replace(LogRecordType.Replace, node, 0, oldLength, newData.Length, newData);

    /// <summary>A <see cref="LogRecordType.ReplaceDifference"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="isLarge">Whether the difference is in the form for large pages.</param>
    /// <param name="oldLength">Length of the old data.</param>
    /// <param name="newLength">Length of the new data.</param>
    /// <param name="difference">The stored difference, at most 32767 bytes; see <see cref="DataDifference"/>.</param>
    public void ReplaceDifference(
        in NodeChange node, bool isLarge, int oldLength, int newLength, ReadOnlySpan<byte> difference) => Replace(
            LogRecordType.ReplaceDifference, node, isLarge ? ReplaceRecord.LargeFlag : 0, oldLength, newLength,
            difference);

    /// <summary>An <see cref="LogRecordType.UndoInfo"/>.</summary>
    /// <param name="node">Which node and version.</param>
    /// <param name="operation">The operation to undo.</param>
    /// <param name="maxSize">Largest size of the data in the transaction.</param>
    /// <param name="growth">By how much they grew.</param>
    /// <param name="bookmarkKey">Key of the bookmark.</param>
    /// <param name="bookmarkData">Data of the bookmark.</param>
    /// <param name="oldData">What the node held.</param>
    public void UndoInfo(
        in NodeChange node, NodeOperation operation, short maxSize, short growth, ReadOnlySpan<byte> bookmarkKey,
        ReadOnlySpan<byte> bookmarkData, ReadOnlySpan<byte> oldData)
    {
        Begin(LogRecordType.UndoInfo, node);
        PutLength(bookmarkKey);
        PutLength(bookmarkData);
        Put(operation);
        Put(maxSize);
        Put(growth);
        PutLength(oldData);
        Put(bookmarkKey);
        Put(bookmarkData);
        Put(oldData);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Delta"/> of a 32-bit counter.</summary>
    /// <param name="node">The change.</param>
    /// <param name="delta">By how much.</param>
    /// <param name="offset">Offset of the counter in the data.</param>
    /// <param name="bookmarkKey">Key of the bookmark.</param>
    /// <param name="bookmarkData">Data of the bookmark.</param>
    public void Delta(
        in NodeChange node, int delta, ushort offset, ReadOnlySpan<byte> bookmarkKey,
        ReadOnlySpan<byte> bookmarkData) =>
        Delta(LogRecordType.Delta, node, delta, offset, bookmarkKey, bookmarkData);

    /// <summary>A <see cref="LogRecordType.Delta64"/> of a 64-bit counter.</summary>
    /// <param name="node">The change.</param>
    /// <param name="delta">By how much.</param>
    /// <param name="offset">Offset of the counter in the data.</param>
    /// <param name="bookmarkKey">Key of the bookmark.</param>
    /// <param name="bookmarkData">Data of the bookmark.</param>
    public void Delta64(
        in NodeChange node, long delta, ushort offset, ReadOnlySpan<byte> bookmarkKey,
        ReadOnlySpan<byte> bookmarkData) =>
        Delta(LogRecordType.Delta64, node, delta, offset, bookmarkKey, bookmarkData);

    /// <summary>A <see cref="LogRecordType.SetExternalHeader"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="data">What the first tag of the page holds from now on.</param>
    public void SetExternalHeader(in NodeChange node, ReadOnlySpan<byte> data)
    {
        Begin(LogRecordType.SetExternalHeader, node);
        PutLength(data);
        Put(data);
        End();
    }

    /// <summary>An <see cref="LogRecordType.Undo"/>.</summary>
    /// <param name="node">The change; its version is that of the operation.</param>
    /// <param name="operation">The operation that is undone.</param>
    /// <param name="undoneLevel">Its transaction level.</param>
    /// <param name="bookmarkKey">Key of the bookmark.</param>
    /// <param name="bookmarkData">Data of the bookmark.</param>
    public void Undo(
        in NodeChange node, NodeOperation operation, byte undoneLevel, ReadOnlySpan<byte> bookmarkKey,
        ReadOnlySpan<byte> bookmarkData)
    {
        Begin(LogRecordType.Undo, node);
        PutLength(bookmarkKey);
        PutLength(bookmarkData);
        Put(operation);
        Put(undoneLevel);
        Put(bookmarkKey);
        Put(bookmarkData);
        End();
    }

    /// <summary>An <see cref="LogRecordType.EmptyTree"/>.</summary>
    /// <param name="node">The change of the root.</param>
    /// <param name="pages">The pages.</param>
    public void EmptyTree(in NodeChange node, ReadOnlySpan<EmptiedPage> pages)
    {
        Begin(LogRecordType.EmptyTree, node);
        var list = MemoryMarshal.AsBytes(pages);
        PutLength(list);
        Put(list);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Scrub"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="flags">1 when the whole page was not used.</param>
    /// <param name="operationCount">Number of operations.</param>
    /// <param name="tail">The operations, a byte a line, and padding.</param>
    public void Scrub(in NodeChange node, uint flags, uint operationCount, ReadOnlySpan<byte> tail)
    {
        Begin(LogRecordType.Scrub, node);
        PutInt(flags);
        PutInt(operationCount);
        PutLength(tail);
        Put(tail);
        End();
    }

    private void Replace(
        LogRecordType type, in NodeChange node, int flag, int oldLength, int newLength, ReadOnlySpan<byte> tail)
    {
        if (tail.Length >= ReplaceRecord.LargeFlag || (uint)newLength > ushort.MaxValue
            || (uint)oldLength > ushort.MaxValue)
            throw new ArgumentException("data do not fit into a record that replaces them", nameof(tail));
        Begin(type, node);
        Put((ushort)(tail.Length | flag));
        Put((ushort)oldLength);
        Put((ushort)newLength);
        Put(tail);
        End();
    }

    private void Delta(
        LogRecordType type, in NodeChange node, long delta, ushort offset, ReadOnlySpan<byte> bookmarkKey,
        ReadOnlySpan<byte> bookmarkData)
    {
        Begin(type, node);
        PutLength(bookmarkKey);
        PutLength(bookmarkData);
        if (type == LogRecordType.Delta64)
            Put(delta);
        else
            Put((int)delta);
        Put(offset);
        Put(bookmarkKey);
        Put(bookmarkData);
        End();
    }
}
