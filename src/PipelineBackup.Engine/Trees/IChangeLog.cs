namespace PipelineBackup.Engine;

/// <summary>Takes the records of changes before they are made.</summary>
internal interface IChangeLog
{
    /// <summary>Puts records at the end; they are not on the disk yet when it returns.</summary>
    /// <param name="records">One record behind the other; those of a macro come in one call.</param>
    /// <returns>The position of the first.</returns>
    LogPosition Append(ReadOnlySpan<byte> records);

    /// <summary>
    /// A change begins: nothing that is put at the end is written before <see cref="Exit"/>, when it was made. What
    /// could not be made is told by <see cref="Fail"/> before.
    /// </summary>
    void Enter()
    {
    }

    /// <summary>The change was made, or has failed.</summary>
    void Exit()
    {
    }

    /// <summary>
    /// A record was put at the end and its change could not be made: nothing may become durable any more.
    /// </summary>
    /// <param name="failure">Why.</param>
    void Fail(Exception failure)
    {
    }
}
