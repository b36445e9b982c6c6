using System.Buffers.Binary;

namespace PipelineBackup.Engine;

/// <summary>One change of a node that not everybody sees: how the node was before.</summary>
internal sealed class NodeVersion
{
    /// <summary>A change.</summary>
    /// <param name="owner">Who made it.</param>
    /// <param name="chain">The node's changes.</param>
    /// <param name="operation">What was done.</param>
    /// <param name="number">Its number, which the log names.</param>
    public NodeVersion(OuterTransaction owner, NodeVersions chain, NodeOperation operation, uint number)
    {
        Owner = owner;
        Chain = chain;
        Operation = operation;
        Number = number;
    }

    /// <summary>Who made it.</summary>
    public OuterTransaction Owner { get; }

    /// <summary>The node's changes.</summary>
    public NodeVersions Chain { get; }

    /// <summary>What was done.</summary>
    public NodeOperation Operation { get; }

    /// <summary>Its number, which the log names ("rceid").</summary>
    public uint Number { get; }

    /// <summary>Of a replacing: the data before.</summary>
    public byte[] OldData { get; init; } = [];

    /// <summary>Of a moved counter: its offset in the data.</summary>
    public int Offset { get; init; }

    /// <summary>Of a moved counter: by how much.</summary>
    public long Delta { get; init; }

    /// <summary>Whether a counter was moved: such changes do not exclude one another.</summary>
    public bool IsDelta => Operation is NodeOperation.Delta or NodeOperation.Delta64;

    /// <summary>Whether someone sees it.</summary>
    /// <param name="view">Who looks.</param>
    public bool IsSeenBy(in Snapshot view) => Owner == view.Own
        || (Owner.IsCommitted && Owner.End.CompareTo(view.Begin) < 0);

    /// <summary>Takes the move of a counter off data.</summary>
    /// <param name="data">Data that it is in.</param>
    public void MoveBack(Span<byte> data)
    {
        if (Operation == NodeOperation.Delta64)
        {
            var wide = data[Offset..];
            BinaryPrimitives.WriteInt64LittleEndian(wide, BinaryPrimitives.ReadInt64LittleEndian(wide) - Delta);
            return;
        }

        var counter = data[Offset..];
        BinaryPrimitives.WriteInt32LittleEndian(counter, BinaryPrimitives.ReadInt32LittleEndian(counter) - (int)Delta);
    }
}

/// <summary>What someone sees: all that was committed before a time, and what he did himself.</summary>
/// <param name="Own">His transaction; null of someone outside of transactions.</param>
/// <param name="Begin">The time.</param>
internal readonly record struct Snapshot(OuterTransaction? Own, TransactionId Begin)
{
    /// <summary>All that is committed.</summary>
    public static Snapshot Latest => new(null, TransactionId.Max);
}
