using System.Reflection;
using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>The server half can be at the other end of a wire: whatever goes to it or comes from it is a plain value.</summary>
public sealed class PlainValuesTests
{
    [Theory]
    [InlineData(typeof(IBackupSequences))]
    [InlineData(typeof(IRestoreSequences))]
    public void Every_argument_and_every_result_is_a_plain_value(Type contract)
    {
        var methods = contract.GetMethods();
        Assert.True(methods.Length > 8);
        Assert.Empty(contract.GetProperties());
        foreach (var method in methods)
        {
            var result = method.ReturnType;
            Assert.True(result == typeof(ValueTask) || (result.Name == "ValueTask`1" && IsPlain(result.GenericTypeArguments[0])),
                $"{method.Name} gives {result}");
            var parameters = method.GetParameters();
            Assert.Equal(typeof(CancellationToken), parameters[^1].ParameterType);
            Assert.All(parameters[..^1], parameter => Assert.True(IsPlain(parameter.ParameterType), $"{method.Name} takes {parameter}"));
        }
    }

    [Fact]
    public void What_is_no_plain_value_is_caught()
    {
        Assert.False(IsPlain(typeof(Stream)));
        Assert.False(IsPlain(typeof(IReadOnlyList<IBackupSession>)));
        Assert.False(IsPlain(typeof(HostedService)));
        Assert.True(IsPlain(typeof(SequenceFault)));
    }

    [Fact]
    public void A_failure_is_the_same_when_it_comes_back_from_a_wire()
    {
        var failure = new SourceException("x is gone") { Error = JetError.DiskIO, Hint = "look for it", ExitCode = ExitCode.InUse };
        var back = SequenceFault.Of(failure).ToException();
        Assert.Equal((failure.Message, failure.Error, failure.Hint, failure.ExitCode), (back.Message, back.Error, back.Hint, back.ExitCode));
        Assert.Null(SequenceFault.Of(new("y")).ToException().Error);
    }

    private static bool IsPlain(Type type) => type.IsEnum
        || type == typeof(string) || type == typeof(int) || type == typeof(long) || type == typeof(bool) || type == typeof(Guid)
        || type == typeof(ReadOnlyMemory<byte>)
        || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) && IsPlain(type.GenericTypeArguments[0]))
        || (type is { IsSealed: true, IsClass: true } && type.GetMethod("<Clone>$") is not null
            && type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite)
                .All(property => IsPlain(property.PropertyType)));
}
