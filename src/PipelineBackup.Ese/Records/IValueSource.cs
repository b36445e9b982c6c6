namespace PipelineBackup.Ese;

/// <summary>Gives the plain bytes of values that records hold compressed or apart from themselves.</summary>
public interface IValueSource
{
    /// <summary>Reads a whole value.</summary>
    /// <param name="value">The value as a record holds it.</param>
    /// <returns>Its bytes, good until the next value is read.</returns>
    /// <exception cref="EseException">The value is damaged or encrypted.</exception>
    ReadOnlySpan<byte> Read(RecordValue value);
}
